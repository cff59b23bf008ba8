"""Small JSON files that are there whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...media.output_file import temporary_beside


def read_json(path: Path) -> dict[str, Any]:
    """What a file holds; nothing if there is none, or a damaged one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: object) -> None:
    """Write a file, and its folder if it is missing; it changes as a whole.

    Raises:
        InputError: it or its folder cannot be written to.
        OSError: it cannot be written after all, such as on a full disk.
    """
    part = temporary_beside(path)
    try:
        part.write_text(json.dumps(content), encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
