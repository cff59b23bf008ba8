"""What goes into which kind of video file: one row per suffix."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError

# RGB is converted with the BT.601 matrix, as the reference does, and says so: untagged, players guess BT.709 from the
# size of a large frame and shift its colours. 4:2:0 needs even sizes: odd ones are scaled up, as in the reference.
_YUV = ("-pix_fmt", "yuv420p", "-colorspace", "smpte170m", "-color_range", "tv")
_YUV_FILTERS = "scale=ceil(iw/2)*2:ceil(ih/2)*2,setparams=color_primaries=bt709:color_trc=bt709"
# browsers slow a GIF with frames shorter than 1/50 s down to ten frames per second
_GIF_FILTERS = (
    r"fps=min(source_fps\,50),split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=sierra2_4a"
)


@dataclass(frozen=True)
class Container:
    """One kind of video file."""

    encoder: Callable[[int, str], tuple[str, ...]]
    """ffmpeg's arguments from crf and preset."""
    filters: str
    """What ffmpeg does to the frames before it encodes them."""
    copied_sound: frozenset[str] = frozenset()
    """Sound codecs that are taken over as they are."""
    sound_encoder: tuple[str, ...] = ()
    """ffmpeg's arguments for all other sound; empty: the container has no sound."""
    options: tuple[str, ...] = ()
    """Arguments whenever the container is written."""


def _h264(crf: int, preset: str) -> tuple[str, ...]:
    return ("-c:v", "libx264", "-preset", preset, "-crf", str(crf), *_YUV)


def _mpeg4(crf: int, preset: str) -> tuple[str, ...]:
    # AVI has no timestamps for H.264's order of frames; the quantiser runs from 2 to 31, and 3 looks like crf 18
    return ("-c:v", "mpeg4", "-q:v", str(max(2, crf // 6)), "-vtag", "xvid", *_YUV)


def _vp9(crf: int, preset: str) -> tuple[str, ...]:
    return ("-c:v", "libvpx-vp9", "-crf", str(crf), "-b:v", "0", "-cpu-used", "5", "-row-mt", "1", *_YUV)


def _gif(crf: int, preset: str) -> tuple[str, ...]:
    return ("-loop", "0")


_AAC = ("-c:a", "aac", "-b:a", "192k")
_FAST_START = ("-movflags", "+faststart")
_MP4 = Container(_h264, _YUV_FILTERS, frozenset({"aac", "mp3"}), _AAC, _FAST_START)

CONTAINERS = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": Container(_h264, _YUV_FILTERS, frozenset({"aac", "mp3", "pcm_s16le"}), _AAC, _FAST_START),
    ".mkv": Container(_h264, _YUV_FILTERS, frozenset({"aac", "mp3", "opus", "vorbis", "flac", "pcm_s16le"}), _AAC),
    # in AVI, compressed sound can be neither begun nor ended between packets, so it would be out of step by up to 45 ms
    ".avi": Container(_mpeg4, _YUV_FILTERS, frozenset({"pcm_s16le"}), ("-c:a", "pcm_s16le")),
    ".webm": Container(
        _vp9, _YUV_FILTERS, frozenset({"opus", "vorbis"}), ("-c:a", "libopus", "-b:a", "128k", "-ac", "2")
    ),
    ".gif": Container(_gif, _GIF_FILTERS),
}
VIDEO_SUFFIXES = frozenset(CONTAINERS)


def container_of(path: Path) -> Container:
    """Look the container of a file up by its suffix.

    Raises:
        InputError: unknown suffix.
    """
    try:
        return CONTAINERS[path.suffix.lower()]
    except KeyError:
        raise InputError(f"'{path}' has no suffix of a video: use one of {', '.join(CONTAINERS)}") from None
