"""Which worker does which row, where there are several: each keeps to its portraits."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence

from .row import Row


class Turns:
    """Rows that wait for workers.

    A worker goes on with the portrait that it has; when there is nothing left of it, it takes one that nobody has,
    and at the end it helps where most is left.

    Args:
        rows: in the order in which portraits are begun.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._waiting: dict[str, deque[Row]] = {}
        for row in rows:
            self._waiting.setdefault(row.source, deque()).append(row)
        self._of: dict[Hashable, str] = {}

    @property
    def left(self) -> bool:
        """Whether any row waits."""
        return bool(self._waiting)

    def next(self, worker: Hashable) -> Row:
        """The next row of a worker; there must be one left."""
        source = self._of.get(worker)
        if source is None or source not in self._waiting:
            source = self._another()
        self._of[worker] = source
        row = self._waiting[source].popleft()
        if not self._waiting[source]:
            del self._waiting[source]
        return row

    def back(self, row: Row) -> None:
        """Put a row back that came to nothing."""
        self._waiting.setdefault(row.source, deque()).appendleft(row)

    def leave(self, worker: Hashable) -> None:
        """A worker is no more."""
        self._of.pop(worker, None)

    def _another(self) -> str:
        taken = set(self._of.values())
        free = next((source for source in self._waiting if source not in taken), None)
        return free or max(self._waiting, key=lambda source: len(self._waiting[source]))
