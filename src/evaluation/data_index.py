"""Which shots of a training folder are measured."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError
from ..training.data.index import INDEX, IndexRow, read_index


def rows_of(data: Path, split: str) -> list[IndexRow]:
    """The shots of one split, by name.

    Raises:
        MissingFileError: there is no index.
        InputError: it cannot be read, or no clip belongs to the split.
    """
    rows = read_index(data)
    chosen = sorted((row for row in rows if row.split == split), key=lambda row: row.name)
    if not any(row.kind == "clip" and row.frames > 1 for row in chosen):
        counts = ", ".join(f"{sum(row.split == name for row in rows)} of {name}" for name in ("train", "held_out"))
        raise InputError(f"'{data / INDEX}' has no clip of the split {split!r} to measure; it lists {counts}")
    return chosen
