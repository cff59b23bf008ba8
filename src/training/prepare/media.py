"""A video or a picture as frames that can be run through again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ...face.face import Rgb
from ...media.picture import read_picture
from ...media.video_reader import VideoReader
from .sources import Source


@dataclass(frozen=True, eq=False)
class Media:
    """The frames of a file.

    Attributes:
        frames: (H, W, 3) uint8 each; every pass begins anew.
        size: width and height in pixels.
        n_frames: number of frames; a damaged file may give fewer.
        fps: frames a second; None for a still.
    """

    frames: Iterable[Rgb]
    size: tuple[int, int]
    n_frames: int
    fps: Fraction | None


def open_media(source: Source) -> Media:
    """Open a file.

    Raises:
        LivePortraitError: it cannot be read.
    """
    if source.kind == "still":
        picture = read_picture(source.path)
        return Media([picture], (picture.shape[1], picture.shape[0]), 1, None)
    video = VideoReader(source.path)
    return Media(_Pictures(video), video.size, video.n_frames, video.fps)


class _Pictures:
    def __init__(self, video: VideoReader) -> None:
        self._video = video

    def __iter__(self) -> Iterator[Rgb]:
        return (frame.rgb for frame in self._video)
