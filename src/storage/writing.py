"""Writes remote files so that they are there whole or not at all."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .places import folder_of
from .stores import reaching, remote

# Where nothing of a file shows until all of it has arrived. A rename is a copy and a removal there.
_WHOLE = {"s3", "s3a", "gs", "gcs"}


def put_file(path: Path, place: str, what: str = "result") -> None:
    """Copy a file of this machine to a URL.

    Args:
        path: of the file.
        place: where it goes.
        what: it is, for messages.

    Raises:
        StoreError: it cannot be written; what was there before still is.
    """
    _put(place, what, lambda system, target: system.put_file(str(path), target))


def put_bytes(content: bytes, place: str, what: str) -> None:
    """Write a remote file.

    Args:
        content: that it shall have.
        place: of the file.
        what: it is, for messages.

    Raises:
        StoreError: it cannot be written; what was there before still is.
    """
    _put(place, what, lambda system, target: system.pipe_file(target, content))


def _put(place: str, what: str, write: Callable[[Any, str], object]) -> None:
    try:
        with reaching(place, what, "written"):
            system, target = remote(place)
            if _WHOLE.isdisjoint([system.protocol] if isinstance(system.protocol, str) else system.protocol):
                _by_rename(system, target, write)
            else:  # no folder is made: it would be a bucket, of whatever name was mistyped
                write(system, target)
    except FileNotFoundError as error:
        raise StoreError(f"the {what} '{place}' cannot be written: {error}") from error


def _by_rename(system: Any, target: str, write: Callable[[Any, str], object]) -> None:
    folder = folder_of(target)
    part = f"{folder}/.{secrets.token_hex(6)}.part"
    system.makedirs(folder, exist_ok=True)
    try:
        write(system, part)
        _rename(system, part, target)
    except BaseException:
        if system.exists(part):
            system.rm_file(part)
        raise


def _rename(system: Any, part: str, target: str) -> None:
    try:
        system.mv(part, target)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
    if system.exists(part):  # some replace nothing, and not all of them say so
        system.rm_file(target)
        system.mv(part, target)
