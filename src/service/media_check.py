"""What was uploaded, judged by its content before any of it is decoded or queued."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from PIL import Image

from ..config.service_options import MAX_FRAME_PIXELS, ServiceOptions
from ..errors import InputError, LivePortraitError
from ..media.demux import open_container
from ..media.picture import read_picture
from ..media.sniff import MediaKind, sniff, suffix_of
from ..media.video_reader import VideoReader
from ..motion.template import load_template
from .problem import Problem
from .wording import for_callers

_TEMPLATE_BYTES_A_FRAME = 2560  # the official format takes some 1400; what is read takes up to 30 times as much


@dataclass(frozen=True)
class Upload:
    """A file that was uploaded.

    Attributes:
        path: where it lies; the suffix is that of its content.
        kind: what it is.
        n_frames: of a video, animation or template; 1 for a picture.
    """

    path: Path
    kind: MediaKind
    n_frames: int

    @property
    def is_video(self) -> bool:
        """Whether what it drives or shows moves."""
        return self.kind in (MediaKind.VIDEO, MediaKind.ANIMATION) or self.n_frames > 1


def check_upload(path: Path, role: str, options: ServiceOptions) -> Upload:
    """Say what a file is, and give it the suffix of its content; takes a while.

    Args:
        path: the file; its name without suffix is the role.
        role: source or driving.
        options: limits.

    Raises:
        Problem: 415 for what cannot be used, 413 for what is too large or too long.
    """
    try:
        kind = sniff(path, called=f"the {role}")
        path = path.rename(path.with_suffix(suffix_of(path)))
        return Upload(path, kind, _checked(path, role, kind, options))
    except LivePortraitError as error:
        raise Problem(415, for_callers(str(error), path.parent)) from error


def _checked(path: Path, role: str, kind: MediaKind, options: ServiceOptions) -> int:
    """Number of frames of a file that may be used."""
    if kind is MediaKind.TEMPLATE:
        return _check_template(path, role, options)
    if kind is MediaKind.VIDEO:
        return _check_video(path, role, options)
    _check_pixels(path, role, options)
    if kind is MediaKind.ANIMATION:
        return _check_video(path, role, options)
    read_picture(path)  # a damaged one is told at once, not when its turn has come
    return 1


def _check_pixels(path: Path, role: str, options: ServiceOptions) -> None:
    """Read the size of a picture from its header alone."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            width, height = image.size
    except Image.DecompressionBombError:
        raise _too_large(role, "a picture of too many pixels", f"{options.max_pixels} pixels are allowed") from None
    except Exception as error:  # the decoders raise errors of many types on damaged data
        raise InputError(f"the {role} is damaged or of an unknown kind of picture") from error
    if width * height > options.max_pixels:
        raise _too_large(role, f"a picture of {width} x {height}", f"{options.max_pixels} pixels are allowed")


def _check_video(path: Path, role: str, options: ServiceOptions) -> int:
    try:
        with open_container(path) as container:
            _check_size(container, role)
            _check_packets(container, role, options)
    except av.FFmpegError as error:
        raise InputError(f"the {role} is damaged or of an unknown kind of video: {error.strerror}") from error
    video = VideoReader(path, max_pixels=2 * MAX_FRAME_PIXELS)  # a little too large is told, far more is not decoded
    _check_frame(role, *video.size)
    _check_length(role, video.n_frames, video.n_frames / video.fps, options)
    return video.n_frames


def _check_size(container: InputContainer, role: str) -> None:
    """By the header; for all tracks, whichever may be decoded."""
    for stream in container.streams.video:
        _check_frame(role, stream.width, stream.height)


def _check_frame(role: str, width: int, height: int) -> None:
    if width * height > MAX_FRAME_PIXELS:
        raise _too_large(role, f"a video of {width} x {height}", f"{MAX_FRAME_PIXELS} pixels a frame are allowed")


def _check_packets(container: InputContainer, role: str, options: ServiceOptions) -> None:
    """By what is really in the file, without decoding it: headers may lie, and timestamps may leap."""
    if not container.streams.video:
        raise InputError(f"the {role} has no picture track")
    spans: dict[int, tuple[Fraction, Fraction, int]] = {}  # track -> first start, last end, packets
    for packet in container.demux(container.streams.video):
        stamp = packet.dts if packet.pts is None else packet.pts
        if not packet.size or stamp is None:
            continue
        tick = packet.time_base or Fraction(1, 1000)
        start, end = stamp * tick, (stamp + (packet.duration or 0)) * tick
        first, last, count = spans.get(packet.stream_index, (start, end, 0))
        first, last, count = min(first, start), max(last, end), count + 1
        spans[packet.stream_index] = first, last, count
        _check_length(role, count, last - first, options)


def _check_template(path: Path, role: str, options: ServiceOptions) -> int:
    limit = (1 << 20) + options.max_frames * _TEMPLATE_BYTES_A_FRAME
    if path.stat().st_size > limit:
        raise _too_large(role, f"a template of {path.stat().st_size >> 20} MiB", f"{limit >> 20} MiB are allowed")
    template = load_template(path)
    _check_length(role, template.n_frames, template.n_frames / template.fps, options)
    return template.n_frames


def _check_length(role: str, n_frames: int, seconds: Fraction, options: ServiceOptions) -> None:
    if seconds > options.max_seconds:
        raise _too_large(role, f"{float(seconds):.4g} seconds long", f"{options.max_seconds:g} are allowed")
    if n_frames > options.max_frames:
        raise _too_large(role, f"at least {n_frames} frames long", f"{options.max_frames} are allowed")


def _too_large(role: str, what: str, allowed: str) -> Problem:
    return Problem(413, f"the {role} is {what}: at most {allowed}")
