"""Paths that a user gave: `~` resolved, and what the system refuses said at once."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ..errors import InputError

_LONGEST_NAME = 255  # bytes, on every common file system


def user_path(given: str | os.PathLike[str], option: str) -> Path:
    """A path as the user means it.

    Args:
        given: the option's value; `~` and `~name` are home folders where there are such.
        option: its name, for messages.

    Raises:
        InputError: it is empty (a shell variable that was not set, say), or the system could never open it.
    """
    if not os.fspath(given):
        raise InputError(f"--{option} is empty: give a path, or leave the option out")
    return usable(expanded(given))


def expanded(given: str | os.PathLike[str]) -> Path:
    """A path with its `~` resolved, of which nothing is asked of the disk: it may have to be joined to a folder first.

    Raises:
        InputError: no name can hold its characters.
    """
    path = Path(given)
    with suppress(RuntimeError, ValueError):  # no such user: a file may well be called "~draft.jpg"
        path = path.expanduser()
    _check_characters(path)
    return path


def usable(path: Path) -> Path:
    """The path itself, which need not exist.

    Raises:
        InputError: a name that is too long or that no file can have, a loop of links, or a folder that may not be
            looked into.
    """
    _check_characters(path)
    if len(os.fsencode(path.name)) > _LONGEST_NAME:  # asked of a folder that is still to be made, stat() does not tell
        raise InputError(f"'{path}' cannot be used: a name of more than {_LONGEST_NAME} bytes is too long")
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path
    except OSError as error:
        raise InputError(f"'{path}' cannot be used: {error.strerror}") from error
    return path


def _check_characters(path: Path) -> None:
    try:
        is_name = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half a character of UTF-16
        is_name = False
    if not is_name:
        raise InputError(f"{str(path)!r} cannot be used: no name can hold all of its characters")


def check_writable(path: Path) -> None:
    """Make sure that a file can be written, as far as that shows without writing.

    Raises:
        InputError: it is a folder, or the first folder above it that exists cannot be written to.
    """
    if path.is_dir():
        raise InputError(f"'{path}' is a folder: the name of a file is needed")
    folder = next((parent for parent in path.absolute().parents if parent.exists()), None)
    if folder is None or not folder.is_dir():
        raise InputError(f"'{path}' cannot be written: '{folder or path.anchor}' is no folder")
    if not os.access(folder, os.W_OK):
        raise InputError(f"'{path}' cannot be written: nothing may be written to the folder '{folder}'")
