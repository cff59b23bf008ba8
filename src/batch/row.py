"""`Row`: one portrait, what drives it, and where the result goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Row:
    """One run of a job.

    Attributes:
        number: for messages: that of the manifest's row, from 1 on, headings not counted.
        source: place of the portrait.
        drivings: places of the drivers: one, or one a face.
        output: place of the result.
        options: by official name, as the manifest gives them.
        late: rows where this is not empty come last, in its order: those that failed before for no reason of their own.
    """

    number: int
    source: str
    drivings: tuple[str, ...]
    output: str
    options: Mapping[str, Any] = field(default_factory=dict)
    late: str = ""

    @property
    def inputs(self) -> tuple[str, ...]:
        """All that is read."""
        return (self.source, *self.drivings)


def numbers(rows: Sequence[int], most: int = 5) -> str:
    """Numbers of rows for messages: "row 3", "rows 3, 4 and 9", "rows 1, 2, 3, 4, 5 and 12 more"."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    shown = [str(number) for number in rows[: most if len(rows) > most else len(rows) - 1]]
    last = f"{len(rows) - most} more" if len(rows) > most else str(rows[-1])
    return f"rows {', '.join(shown)} and {last}"
