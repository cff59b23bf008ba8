"""What goes into which kind of video file: one row per suffix."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..errors import InputError

# RGB is converted with the BT.601 matrix, as the reference does, and says so: untagged, players guess BT.709 from the
# size of a large frame and shift its colours
_YUV = (
    *("-pix_fmt", "yuv420p"),
    *("-colorspace", "smpte170m", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"),
)
_FASTEST_GIF = 50
"""Browsers slow a GIF with frames shorter than 1/50 s down to ten frames per second."""


@dataclass(frozen=True)
class Container:
    """One kind of video file."""

    encoder: Callable[[int, str, Fraction], tuple[str, ...]]
    """ffmpeg's arguments from crf, preset and frame rate."""
    copied_sound: frozenset[str] = frozenset()
    """Sound codecs that are taken over as they are."""
    sound_encoder: tuple[str, ...] = ()
    """ffmpeg's arguments for all other sound; empty: the container has no sound."""
    options: tuple[str, ...] = ()
    """Arguments whenever the container is written."""


def _h264(crf: int, preset: str, fps: Fraction) -> tuple[str, ...]:
    return ("-c:v", "libx264", "-preset", preset, "-crf", str(crf), *_YUV)


def _h264_in_order(crf: int, preset: str, fps: Fraction) -> tuple[str, ...]:
    return (*_h264(crf, preset, fps), "-bf", "0")  # AVI cannot store frames out of order


def _vp9(crf: int, preset: str, fps: Fraction) -> tuple[str, ...]:
    return ("-c:v", "libvpx-vp9", "-crf", str(crf), "-b:v", "0", "-cpu-used", "5", "-row-mt", "1", *_YUV)


def _gif(crf: int, preset: str, fps: Fraction) -> tuple[str, ...]:
    palette = "split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=sierra2_4a"
    return ("-filter_complex", f"[0:v]fps={min(fps, Fraction(_FASTEST_GIF))},{palette}", "-loop", "0")


_AAC = ("-c:a", "aac", "-b:a", "192k")
_FAST_START = ("-movflags", "+faststart")
_MP4 = Container(_h264, frozenset({"aac", "mp3"}), _AAC, _FAST_START)

CONTAINERS = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": Container(_h264, frozenset({"aac", "mp3", "pcm_s16le"}), _AAC, _FAST_START),
    ".mkv": Container(_h264, frozenset({"aac", "mp3", "opus", "vorbis", "flac", "pcm_s16le"}), _AAC),
    ".avi": Container(_h264_in_order, frozenset({"mp3", "pcm_s16le"}), ("-c:a", "libmp3lame", "-q:a", "2")),
    ".webm": Container(_vp9, frozenset({"opus", "vorbis"}), ("-c:a", "libopus", "-b:a", "128k", "-ac", "2")),
    ".gif": Container(_gif),
}


def container_of(path: Path) -> Container:
    """Look the container of a file up by its suffix.

    Raises:
        InputError: unknown suffix.
    """
    try:
        return CONTAINERS[path.suffix.lower()]
    except KeyError:
        raise InputError(f"'{path}' has no suffix of a video: use one of {', '.join(CONTAINERS)}.") from None
