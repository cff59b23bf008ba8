"""Room on the disk: how little is too little, and how its end is told."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from .problem import Problem

_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: BaseException) -> bool:
    """Whether an error means that the disk has no room; ffmpeg only says so in words."""
    return (isinstance(error, OSError) and error.errno in _FULL) or "no space left" in str(error).lower()


def no_room() -> Problem:
    """What a caller is told."""
    return Problem(503, "the service has no room on its disk", code="no_room")


def check_room(folder: Path, reserve: int) -> None:
    """Make sure that a disk has room left.

    Args:
        folder: on it.
        reserve: bytes that must be free.

    Raises:
        Problem: 503.
    """
    if shutil.disk_usage(folder).free < reserve:
        raise no_room()
