"""The sound track: whether a file has one, and adding it to a silent video (spec: pipeline, section 13; Q29)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av

from ..errors import LivePortraitError
from . import ffmpeg
from .containers import container_of
from .demux import open_container

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
    path = Path(path)
    if not path.is_file():
        return False
    try:
        with open_container(path) as container:
            return bool(container.streams.audio)
    except (av.FFmpegError, LivePortraitError):
        return False


def choose_donor(source: Path | None, drivings: Sequence[Path], priority: Literal["source", "driving"]) -> Path | None:
    """Choose the file whose sound a result gets (spec: pipeline, section 13).

    Args:
        source: the source, None where it is no file.
        drivings: the drivers that are files; of several, the first one with sound counts.
        priority: whose sound is taken where both have some.

    Returns:
        The file, None if none has sound.
    """
    driving = next((path for path in drivings if has_audio(path)), None)
    if driving is not None and priority == "driving":
        return driving
    return source if source is not None and has_audio(source) else driving


def add_sound(silent: Path, donor: Path, result: Path, n_frames: int, fps: Fraction) -> bool:
    """Write a copy of a silent video with the sound of another file.

    The pictures are taken over as they are, and so is the sound where the container can hold it and its packets are
    short enough to end within a frame of the video's end. The sound keeps its distance to the donor's first picture,
    and is cut where the video ends; a shorter one leaves silence.

    Args:
        silent: video to be completed.
        donor: file with the sound.
        result: file to write; its suffix decides the container.
        n_frames: length of the video.
        fps: its frames per second.

    Returns:
        Whether the result was written. A failure is logged and leaves no file: the silent video is still good.
    """
    if not has_audio(donor):
        logger.warning("'%s' has no sound: the video stays silent", donor)
        return False
    try:
        ffmpeg.run(_arguments(silent, donor, result, n_frames, fps))
    except (av.FFmpegError, LivePortraitError, StopIteration) as error:
        result.unlink(missing_ok=True)
        logger.warning("the sound of '%s' could not be added, the video stays silent: %s", donor, error)
        return False
    return True


def _arguments(silent: Path, donor: Path, result: Path, n_frames: int, fps: Fraction) -> tuple[str, ...]:
    track = _read_track(donor)
    container = container_of(result)
    duration = n_frames / fps
    limit: tuple[str, ...] = ()
    if track.codec in container.copied_sound and abs(track.delay) <= _IN_STEP and track.packet / 2 < 1 / fps:
        # packets are not cut in two: the nearest boundary is the best end
        limit = ("-t", _seconds(max(duration - track.packet / 2, track.packet / 2)))
        sound: tuple[str, ...] = ("-c:a", "copy")
    else:
        sound = ("-af", _alignment(track.delay, duration), *container.sound_encoder)
    inputs = (*ffmpeg.input_arguments(silent), *limit, *ffmpeg.input_arguments(donor))
    streams = ("-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", *sound)
    return (*inputs, *streams, *container.options, ffmpeg.file_argument(result))


def _alignment(delay: Fraction, duration: Fraction) -> str:
    """Make the filters that begin the sound at the first picture and end it with the last one."""
    if delay < 0:
        begin = f"asetpts=PTS-STARTPTS,atrim=start={_seconds(-delay)},asetpts=PTS-STARTPTS"
    else:
        begin = f"asetpts=PTS-STARTPTS,adelay=delays={float(delay * 1000):.3f}:all=1"
    return f"{begin},atrim=end={_seconds(duration)}"


def _read_track(path: Path) -> _Track:
    with open_container(path) as container:
        picture = container.streams.video[0] if container.streams.video else None
        pictures_begin = (picture.start_time or 0) * (picture.time_base or 0) if picture else 0
        stream = container.streams.audio[0]
        # the first sound is where decoding begins: packets may begin earlier, with samples that are to be skipped
        first = next(container.decode(stream))
        return _Track(
            codec=stream.codec_context.codec.canonical_name,
            delay=(first.pts or 0) * Fraction(first.time_base or 0) - pictures_begin,
            packet=Fraction(first.samples, first.sample_rate),
        )


def _seconds(value: Fraction) -> str:
    return f"{float(value):.6f}"
