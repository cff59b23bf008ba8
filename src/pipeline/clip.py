"""`Clip`: a driving video or picture as a stream that can be run through more than once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from ..errors import InputError
from ..face.face import Rgb
from ..media.picture import read_picture
from ..media.sniff import MediaKind, sniff
from ..media.video_reader import open_video

STILL_FPS = Fraction(25)


@dataclass(frozen=True)
class Clip:
    """Frames of a file, decoded afresh at every pass, so that no pass keeps them.

    Attributes:
        path: the file.
        is_video: False for a picture, which is a clip of one frame.
        fps: exact frame rate.
        size: width and height in pixels.
        n_frames: as far as the file tells.
    """

    path: Path
    is_video: bool
    fps: Fraction
    size: tuple[int, int]
    n_frames: int | None

    def __iter__(self) -> Iterator[Rgb]:
        """Decode the frames, (H, W, 3) uint8."""
        if not self.is_video:
            yield read_picture(self.path)
            return
        for frame in open_video(self.path):
            yield frame.rgb

    @property
    def is_square(self) -> bool:
        """Whether the frames are as wide as high."""
        return self.size[0] == self.size[1]


def open_clip(path: Path, role: str) -> Clip:
    """Look at a file and tell what frames it holds.

    Args:
        path: video or picture.
        role: what the file is to the caller, for messages.

    Raises:
        MissingFileError: there is no such file.
        InputError: it is neither a video nor a picture, or damaged.
    """
    kind = sniff(path)
    if kind is MediaKind.PICTURE:
        height, width = read_picture(path).shape[:2]
        return Clip(path, False, STILL_FPS, (width, height), 1)
    if kind is MediaKind.TEMPLATE:
        raise InputError(f"{path} is a motion template and cannot be the {role}")
    stream = open_video(path)
    return Clip(path, True, stream.fps, stream.size, stream.n_frames)
