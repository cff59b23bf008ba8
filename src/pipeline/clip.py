"""`Clip`: a driving video or picture as a stream that can be run through more than once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..face.face import Rgb
from ..media.picture import read_picture
from ..media.sniff import MediaKind, sniff
from ..media.video_reader import open_video

STILL_FPS = Fraction(25)


@dataclass(frozen=True, eq=False)
class Clip:
    """Frames of a file, decoded afresh at every pass, so that no pass keeps them.

    Attributes:
        path: the file.
        is_video: False for a picture, which is a clip of one frame.
        fps: exact frame rate.
        size: width and height in pixels.
        n_frames: frames of one pass; a damaged file may give fewer.
        start: begins a pass.
    """

    path: Path
    is_video: bool
    fps: Fraction
    size: tuple[int, int]
    n_frames: int
    start: Callable[[], Iterator[Rgb]]

    def __iter__(self) -> Iterator[Rgb]:
        """The frames, (H, W, 3) uint8."""
        return self.start()

    @property
    def is_square(self) -> bool:
        """Whether the frames are as wide as high."""
        return self.size[0] == self.size[1]


def open_clip(path: Path) -> Clip:
    """Open a video, a picture, an animated GIF or a folder of pictures.

    Raises:
        MissingFileError: there is no such file.
        InputError: it is none of these, or damaged.
    """
    if sniff(path) is MediaKind.PICTURE:
        picture = read_picture(path)
        return Clip(path, False, STILL_FPS, (picture.shape[1], picture.shape[0]), 1, lambda: iter([picture]))
    stream = open_video(path)
    return Clip(path, True, stream.fps, stream.size, stream.n_frames, lambda: (frame.rgb for frame in stream))
