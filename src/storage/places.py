"""Places of files: paths of this machine, and URLs that fsspec knows (s3://, gs://, memory:// ...)."""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from pathlib import Path, PurePosixPath

from ..errors import InputError
from ..media.user_path import expanded

_MARK = "://"
_ALIASES = {"s3a": "s3", "gcs": "gs"}
_WEB = ("http://", "https://")


def is_remote(place: str) -> bool:
    """Whether a place is a URL."""
    return _MARK in place


def absolute(place: str, base: str) -> str:
    """A place as it is seen from a folder.

    Whether the system can open a path shows when it is used: in a job of many it may be wrong with one.

    Args:
        place: a URL, or a path; `~` is the home folder.
        base: the folder, absolute itself.

    Raises:
        InputError: nothing, a path that no name can hold, or a URL of nothing.
    """
    if place.startswith("file://"):
        place = place.removeprefix("file://")
    if is_remote(place):
        if not place.partition(_MARK)[2].strip("/"):
            raise InputError(f"'{place}' names nothing: a bucket or a host must follow")
        return place
    if not place:
        raise InputError("a path is empty")
    path = expanded(place)
    if is_remote(base) and not path.is_absolute():
        return _in_remote(base, place)
    return str(_without_dots(Path(base, path)))


def _without_dots(path: Path) -> Path:
    """The same path, whichever folder it was given from: what names a result tells whether it is done."""
    if ".." in path.parts:
        with suppress(OSError, ValueError, RuntimeError):  # a loop of links: whoever uses it will tell
            return path.parent.resolve() / path.name if path.name != ".." else path.resolve()
    return path


def _in_remote(folder: str, path: str) -> str:
    """A path from a remote folder; its dots are resolved, since stores take them for names."""
    scheme, mark, rest = folder.partition(_MARK)
    top, *parts = rest.strip("/").split("/")
    for part in path.split("/"):
        if part == ".." and not parts:
            raise InputError(f"'{path}' leads out of '{scheme}{mark}{top}'")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return f"{scheme}{mark}{'/'.join([top, *parts])}"


def joined(folder: str, name: str) -> str:
    """What lies in a folder under a name."""
    return f"{folder.rstrip('/')}/{name}" if is_remote(folder) else str(Path(folder, name))


def folder_of(place: str) -> str:
    """The folder in which a file lies."""
    if not is_remote(place):
        return str(Path(place).parent)
    scheme, mark, rest = place.partition(_MARK)
    return f"{scheme}{mark}{posixpath.dirname(rest)}"


def name_of(place: str) -> str:
    """The last part of a place; what a URL of the web asks for beside it is none of the name."""
    if place.startswith(_WEB):
        place = re.split("[?#]", place, maxsplit=1)[0]
    return PurePosixPath(place).name if is_remote(place) else Path(place).name


def stem_of(place: str) -> str:
    """The last part of a place without its suffix."""
    return PurePosixPath(name_of(place)).stem


def suffix_of(place: str) -> str:
    """The suffix in small letters, with its dot."""
    return PurePosixPath(name_of(place)).suffix.lower()


def same(place: str) -> str:
    """A form in which places that mean one file are equal: links and dots are resolved."""
    if is_remote(place):
        scheme, mark, rest = place.partition(_MARK)
        return f"{_ALIASES.get(scheme, scheme)}{mark}{posixpath.normpath(rest).lstrip('/')}"
    with suppress(OSError, ValueError, RuntimeError):  # a loop of links: the row will tell
        return str(Path(place).resolve())
    return place
