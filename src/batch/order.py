"""Which rows are due, and in which order, so that what one row needs is still at hand for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from .record import Record
from .row import Row


def due_rows(
    rows: Iterable[Row],
    records: Mapping[str, Record],
    mark: Callable[[Row], str | None],
    is_there: Callable[[str], bool],
    *,
    retry_failed: bool,
) -> list[Row]:
    """The rows whose result is missing, was made of something else, or failed for a reason that was not the row's.

    Args:
        rows: all of the job.
        records: output -> what earlier runs made of it.
        mark: of all that decides about a row's result; None = nobody can tell now.
        is_there: whether an output is.
        retry_failed: do rows again that failed and are as they were.
    """
    return [row for row in rows if _is_due(row, records.get(row.output), mark, is_there, retry_failed)]


def _is_due(
    row: Row,
    record: Record | None,
    mark: Callable[[Row], str | None],
    is_there: Callable[[str], bool],
    retry_failed: bool,
) -> bool:
    if record is None or (record.status == "failed" and (retry_failed or record.passing)):
        return True
    if record.status == "done" and not is_there(row.output):
        return True
    return mark(row) != record.hash


def in_order(rows: Sequence[Row], kept: int) -> list[Row]:
    """Rows in the order in which a worker should do them.

    Portraits come in blocks of as many as are kept ready, and within a block driver after driver: each portrait is read
    once, each driver's files are at hand for a whole block. Rows that did badly before come last: they stop no others.

    Args:
        rows: in any order.
        kept: portraits that a worker keeps ready.
    """
    sources = {source: number for number, source in enumerate(dict.fromkeys(row.source for row in rows))}
    drivings = {driving: number for number, driving in enumerate(dict.fromkeys(row.drivings for row in rows))}

    def place(row: Row) -> tuple[str, int, int, int]:
        return row.late, sources[row.source] // kept, drivings[row.drivings], sources[row.source]

    return sorted(rows, key=place)


def leaders_first(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """One row of every driver, and all others: workers side by side should not read a driver's motion twice."""
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        first.setdefault(row.drivings, row)
    leaders = list(first.values())
    numbers = {row.number for row in leaders}
    return leaders, [row for row in rows if row.number not in numbers]
