"""Frames of a folder of pictures (spec: pipeline, section 4, quirk Q6)."""

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from ..errors import InputError, MissingFileError
from .frame_stream import Frame
from .picture import read_picture
from .sniff import MediaKind, sniff


class FolderReader:
    """The pictures of a folder as frames, in the order of their names (a ``FrameStream``).

    Numbers in names count as numbers (``frame_2`` comes before ``frame_10``). Hidden files and files that are no
    pictures are passed over.

    Args:
        path: the folder.
        fps: frames per second.

    Raises:
        MissingFileError: there is no such folder.
        InputError: no picture lies in it.
    """

    def __init__(self, path: str | Path, fps: Fraction = Fraction(25)) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise MissingFileError(f"there is no folder '{path}'")
        self.fps = fps
        self._files = sorted((file for file in self.path.iterdir() if is_frame(file)), key=_natural_order)
        if not self._files:
            raise InputError(f"the folder '{path}' holds no pictures: put some there, or name another one")
        height, width = read_picture(self._files[0]).shape[:2]
        self.size = (width, height)

    @property
    def n_frames(self) -> int:
        """Number of pictures."""
        return len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        for index, file in enumerate(self._files):
            rgb = read_picture(file)
            height, width = rgb.shape[:2]
            if (width, height) != self.size:
                first = f"{self.size[0]}x{self.size[1]}"
                raise InputError(f"'{file}' is {width}x{height}, but the first picture of its folder is {first}")
            yield Frame(index, index / self.fps, rgb)


def is_frame(file: Path) -> bool:
    """Whether what lies in a folder counts among its pictures."""
    if file.name.startswith(".") or not file.is_file():
        return False
    try:
        return sniff(file) in (MediaKind.PICTURE, MediaKind.ANIMATION)
    except InputError:
        return False


def _natural_order(file: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", file.name)]
