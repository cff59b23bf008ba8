"""Rows that were begun and never ended, because the process died over them: a small file beside the table's journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .row import Row


class Begun:
    """Counts the deaths of processes by rows; nothing of it is needed to go on, so that no error stops a job.

    Args:
        path: of the file, which is there only while a row is at work, and after a death.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._deaths: dict[str, int] = {}
        with suppress(OSError, ValueError):  # none, or half of one
            found = json.loads(path.read_bytes())
            self._deaths = {output: int(times) for output, times in found.items()}

    def deaths(self, row: Row) -> int:
        """How many processes died over a row since it last ended."""
        return self._deaths.get(row.output, 0)

    @contextmanager
    def noted(self, row: Row) -> Iterator[None]:
        """Note that a row is at work in the block; an end of any kind but death is none."""
        self._deaths[row.output] = self.deaths(row) + 1
        self._write()
        try:
            yield
        finally:
            self.forget(row)

    def forget(self, row: Row) -> None:
        """A row has ended."""
        if self._deaths.pop(row.output, 0):
            self._write()

    def _write(self) -> None:
        part = self._path.with_name(f"{self._path.name}.part")
        with suppress(OSError):
            if not self._deaths:
                self._path.unlink(missing_ok=True)
                return
            part.write_text(json.dumps(self._deaths))
            part.replace(self._path)
