"""Files of a run that are there as a whole, or as they were before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..benchmark.record import write_record
from ..errors import InputError
from ..media.output_file import temporary_beside


def write_figures(path: Path, content: dict[str, Any]) -> None:
    """Write figures and facts as JSON.

    Raises:
        InputError: the file cannot be written.
    """
    _write_whole(path, lambda part: write_record(part, content))


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8.

    Raises:
        InputError: the file cannot be written.
    """
    _write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def _write_whole(path: Path, write: Callable[[Path], object]) -> None:
    part = temporary_beside(path)
    try:
        write(part)
        part.replace(path)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
