"""Figures as JSON, with the machine that they belong to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from ..errors import InputError


class Figure(Protocol):
    """What every measurement gives."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        ...


def check_record(path: Path | None) -> None:
    """Make sure, before anything is measured, that a record can be written.

    Raises:
        InputError: its folder is not there, or it is a folder itself.
    """
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise InputError(f"the figures cannot be written to '{path}': name a file in a folder that is there")


def write_record(path: Path | None, content: dict[str, Any]) -> None:
    """Write figures and facts; nothing without a path.

    Raises:
        InputError: the file cannot be written.
    """
    if path is None:
        return
    try:
        path.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"the figures cannot be written to '{path}': {error.strerror or error}") from error


def as_dicts(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """All figures for JSON."""
    return [figure.as_dict() for figure in figures]
