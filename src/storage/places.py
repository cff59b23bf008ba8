"""Places of files: paths of this machine, and URLs that fsspec knows (s3://, gs://, memory:// ...)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import InputError, LivePortraitError, MissingFileError
from ..media.user_path import user_path
from .extras import needed

_MARK = "://"


def is_remote(place: str) -> bool:
    """Whether a place is a URL."""
    return _MARK in place


def absolute(place: str, base: str) -> str:
    """A place as it is seen from a folder.

    Args:
        place: a URL, or a path; `~` is the home folder.
        base: the folder, absolute itself.

    Raises:
        InputError: a path that the system could never open.
    """
    if place.startswith("file://"):
        place = place.removeprefix("file://")
    if is_remote(place):
        return place
    path = user_path(place, "path")
    if path.is_absolute():
        return str(path)
    return joined(base, place) if is_remote(base) else str(Path(base, path))


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
    """The last part of a place."""
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
        return f"{scheme}{mark}{posixpath.normpath(rest).lstrip('/')}"
    with suppress(OSError, ValueError, RuntimeError):  # a loop of links: the row will tell
        return str(Path(place).resolve())
    return place


def remote(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Raises:
        InputError: nothing is installed that reads such URLs.
    """
    core = needed("fsspec.core", f"'{url}'")
    try:
        system, path = core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise InputError(f"'{url}' cannot be reached: {error}") from error
    return system, path


@contextmanager
def reaching(place: str, what: str) -> Iterator[None]:
    """Say in a line what goes wrong with a file in the block: stores have errors of their own.

    Args:
        place: of the file or folder.
        what: it is, for messages.

    Raises:
        FileNotFoundError: nothing lies there.
        InputError: it cannot be reached.
    """
    try:
        yield
    except (FileNotFoundError, LivePortraitError):
        raise
    except OSError as error:
        raise InputError(f"the {what} '{place}' cannot be reached: {error.strerror or error}") from error
    except Exception as error:  # of whatever library knows the store: no rights, no route
        if not is_remote(place):
            raise
        raise InputError(f"the {what} '{place}' cannot be reached: {type(error).__name__}: {error}") from error


def exists(place: str) -> bool:
    """Whether something lies at a place."""
    if not is_remote(place):
        return Path(place).exists()
    system, path = remote(place)
    return bool(system.exists(path))


def read_bytes(place: str, what: str) -> bytes:
    """What a file holds.

    Args:
        place: of the file.
        what: it is, for messages.

    Raises:
        MissingFileError: it is not there.
        InputError: it cannot be read.
    """
    try:
        with reaching(place, what):
            if not is_remote(place):
                return Path(place).read_bytes()
            system, path = remote(place)
            content: bytes = system.cat_file(path)
            return content
    except FileNotFoundError as error:
        raise MissingFileError(f"there is no {what} '{place}'") from error
