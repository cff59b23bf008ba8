"""The sound track: whether a file has one, and adding it to a silent video (spec: pipeline, section 13; Q29)."""

import logging
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from . import ffmpeg
from .containers import container_of

logger = logging.getLogger(__name__)

_IN_STEP = Fraction(1, 200)
"""Seconds by which a track may start early or late and still be copied as it is."""


@dataclass(frozen=True)
class _Track:
    codec: str
    delay: Fraction  # seconds from the first picture to the first sound; negative: the sound starts earlier
    packet: Fraction  # seconds of one packet


def has_audio(path: str | Path) -> bool:
    """Whether a file has a sound track; False for folders and for files that are no media."""
    return _find_track(Path(path)) is not None


def add_sound(silent: Path, donor: Path, result: Path, duration: Fraction) -> bool:
    """Write a copy of a silent video with the sound of another file.

    The pictures are taken over as they are, and so is the sound where the container can hold it. The sound keeps its
    distance to the donor's first picture, and is cut where the video ends; a shorter one leaves silence.

    Args:
        silent: video to be completed.
        donor: file with the sound.
        result: file to write; its suffix decides the container.
        duration: of the video, in seconds.

    Returns:
        Whether the result was written. A failure is logged and leaves no file: the silent video is still good.
    """
    track = _find_track(donor)
    if track is None:
        logger.warning("'%s' has no sound: the video stays silent.", donor)
        return False
    container = container_of(result)
    limit: tuple[str, ...] = ()
    if track.codec in container.copied_sound and abs(track.delay) <= _IN_STEP:
        # packets are not cut in two: the nearest boundary is the best end
        limit = ("-t", _seconds(max(duration - track.packet / 2, track.packet / 2)))
        sound: tuple[str, ...] = ("-c:a", "copy")
    else:
        sound = ("-af", _alignment(track.delay, duration), *container.sound_encoder)
    inputs = ("-i", ffmpeg.file_argument(silent), *limit, "-i", ffmpeg.file_argument(donor))
    streams = ("-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", *sound)
    try:
        ffmpeg.run((*inputs, *streams, *container.options, ffmpeg.file_argument(result)))
    except ffmpeg.FfmpegError as error:
        result.unlink(missing_ok=True)
        logger.warning("The sound of '%s' could not be added: %s. The video stays silent.", donor, error)
        return False
    return True


def _alignment(delay: Fraction, duration: Fraction) -> str:
    """Make the filters that begin the sound at the first picture and end it with the last one."""
    if delay < 0:
        begin = f"asetpts=PTS-STARTPTS,atrim=start={_seconds(-delay)},asetpts=PTS-STARTPTS"
    else:
        begin = f"asetpts=PTS-STARTPTS,adelay=delays={float(delay * 1000):.3f}:all=1"
    return f"{begin},atrim=end={_seconds(duration)}"


def _find_track(path: Path) -> _Track | None:
    if not path.is_file():
        return None
    try:
        with av.open(str(path.absolute()), metadata_errors="replace") as container:
            if not container.streams.audio:
                return None
            sound = container.streams.audio[0]
            picture = container.streams.video[0] if container.streams.video else sound
            context = sound.codec_context
            return _Track(
                codec=context.codec.canonical_name,
                delay=_start(sound) - _start(picture),
                packet=Fraction(context.frame_size or 0, context.sample_rate or 1),
            )
    except av.FFmpegError:
        return None


def _start(stream: av.stream.Stream) -> Fraction:
    return (stream.start_time or 0) * (stream.time_base or Fraction(0))


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6f}"
