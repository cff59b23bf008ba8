"""What callers from Python may pass as a source or a driver, and how it becomes files and frames."""

import io
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import InputError
from .arrays import Picture, is_picture, rgb_array, rgb_frames
from .sniff import MediaKind, sniff, suffix_of

_CHUNK = 1 << 20
_LONGEST_NAME = 80  # bytes: names of results are made of two of them
_ALLOWED = "give a path, the content as bytes, an open file, a PIL image, an array, or a list of frames"


class Upload(Protocol):
    """An uploaded file as web frameworks hand it over."""

    @property
    def file(self) -> BinaryIO:
        """The content."""
        ...


Given = (
    str
    | os.PathLike[str]
    | bytes
    | bytearray
    | memoryview
    | BinaryIO
    | Upload
    | Image.Image
    | NDArray[np.uint8]
    | Sequence[Picture]
)
"""A path; the content of a file; a file open for reading bytes, or an object with such a ``file``; a PIL image; an
array (H, W, 3) uint8 RGB; frames (T, H, W, 3) uint8 RGB, or a list of pictures of one size."""


@dataclass(frozen=True, eq=False)
class Media:
    """A picture, clip or motion template: a file, or frames in memory.

    Attributes:
        name: what results are called after, without folder and suffix.
        kind: judged by the content; frames in memory are a picture or a video.
        path: the file, None for frames in memory.
        frames: (T, H, W, 3) uint8 RGB, None for a file; not to be written to, they may be the caller's.
        label: what messages call it, after a word like "source".
    """

    name: str
    kind: MediaKind
    path: Path | None
    frames: NDArray[np.uint8] | None
    label: str


class Inbox:
    """Takes what callers pass; a context manager that removes the files it made.

    Args:
        limit_bytes: largest content that is copied to a file.
    """

    def __init__(self, limit_bytes: int = 2 << 30) -> None:
        self._limit_bytes = limit_bytes
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def take(self, value: Given, role: str) -> Media:
        """Make a file or frames of what was passed.

        Bytes and open files are copied to a temporary file; an open file is read from its start if it can be wound
        back, and stays open.

        Args:
            value: see ``Given``.
            role: "source" or "driving": for messages, and the name of what has none.

        Raises:
            MissingFileError: nothing lies at the path.
            InputError: a value, file or array that cannot be used, or content above the limit.
        """
        if isinstance(value, str | os.PathLike):
            return _file(Path(value))
        if isinstance(value, bytes | bytearray | memoryview):
            return self._copied(io.BytesIO(value), role, role)
        if isinstance(value, Image.Image | np.ndarray) or _is_pictures(value):
            return _in_memory(cast("Picture | Sequence[Picture]", value), role)
        file = value if hasattr(value, "read") and not hasattr(value, "file") else getattr(value, "file", None)
        if not hasattr(file, "read"):
            raise InputError(f"the {role} is {_described(value)}: {_ALLOWED}")
        return self._copied(cast("BinaryIO", file), _name_of(value) or role, role)

    def _copied(self, file: BinaryIO, name: str, role: str) -> Media:
        path = self._new_folder() / role
        _copy(file, path, self._limit_bytes, f"the {role}")
        kind = sniff(path, called=f"the {role}")
        path = path.rename(path.with_suffix(suffix_of(path)))
        return Media(name, kind, path, None, "given as data" if name == role else f"'{name}'")

    def _new_folder(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="liveportrait-", ignore_cleanup_errors=True)
        return Path(tempfile.mkdtemp(dir=self._folder.name))


def _file(path: Path) -> Media:
    kind = sniff(path)
    named = path.resolve() if path.name in ("", "..") else path  # "." has no name
    return Media(named.stem, kind, path, None, f"'{path}'")


def _in_memory(value: Picture | Sequence[Picture], role: str) -> Media:
    called = f"the {role}"
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, Image.Image) or (isinstance(value, np.ndarray) and value.ndim != 4):
        return Media(role, MediaKind.PICTURE, None, rgb_array(value, called)[None], "given as a picture")
    return Media(role, MediaKind.VIDEO, None, rgb_frames(value, called), "given as frames")


def _is_pictures(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(is_picture(item) for item in value)


def _copy(file: BinaryIO, path: Path, limit_bytes: int, called: str) -> None:
    """Copy what an open file holds, from its start where it can be wound back."""
    if getattr(file, "closed", False):
        raise InputError(f"{called} is a file that is closed: pass it before closing it")
    if isinstance(file, io.TextIOBase):
        raise InputError(f"{called} is a file open for text: open it with mode 'rb'")
    copied = 0
    try:
        if getattr(file, "seekable", bool)():
            file.seek(0)
        with path.open("xb") as target:
            while chunk := file.read(_CHUNK):
                if not isinstance(chunk, bytes):
                    raise InputError(f"{called} is a file that gives {type(chunk).__name__}: open it with mode 'rb'")
                copied += len(chunk)
                if copied > limit_bytes:
                    raise InputError(f"{called} holds more than {_size(limit_bytes)}: pass the path of a file")
                target.write(chunk)
    except OSError as error:
        raise InputError(f"{called} cannot be copied to '{path.parent}': {error.strerror or error}") from error


def _name_of(value: Any) -> str | None:
    """Name of an open file without folder and suffix, in safe signs; None if it has none that could be used."""
    given = getattr(value, "filename", None) or getattr(value, "name", None)
    if not isinstance(given, str):  # a number, where a file has no name
        return None
    stem = Path(re.split(r"[/\\]", given)[-1]).stem
    safe = re.sub(r"[^\w .()+-]", "_", stem).encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .")
    return safe or None


def _described(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"a list of {type(value[0]).__name__}" if value else "an empty list"
    if isinstance(value, str | int | float | bool | None):
        return repr(value)
    return f"a {type(value).__name__}"


def _size(n_bytes: int) -> str:
    return f"{n_bytes >> 30} GiB" if n_bytes >= 1 << 30 else f"{n_bytes} bytes"
