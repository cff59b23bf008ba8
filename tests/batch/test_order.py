from dataclasses import replace
from itertools import product

import pytest

from src.batch.order import due_rows, in_order, leaders_first
from src.batch.record import Record
from src.batch.row import Row
from src.batch.turns import Turns

ROW = Row(1, "/x.png", ("/a.mp4",), "/1.mp4")
DONE = Record(7, "/x.png", ("/a.mp4",), "/1.mp4", "done", None, (), 3, 0.5, "compact-1", "abc", "2026-01-01")
FAILED = replace(DONE, status="failed", error="no face")


def rows_of(sources: str, drivings: str) -> list[Row]:
    pairs = enumerate(product(sources, drivings), start=1)
    return [Row(number, source, (driving,), f"{source}{driving}") for number, (source, driving) in pairs]


def names(rows) -> str:
    return " ".join(row.output for row in rows)


@pytest.mark.parametrize(
    ("record", "mark", "is_there", "retry_failed", "is_due"),
    [
        (None, "abc", True, False, True),
        (DONE, "abc", True, False, False),
        (DONE, "abc", False, False, True),
        (DONE, "xyz", True, False, True),
        (DONE, None, True, False, True),
        (DONE, "abc", True, True, False),
        (FAILED, "abc", False, False, False),
        (FAILED, "xyz", False, False, True),
        (FAILED, "abc", False, True, True),
        (replace(FAILED, passing=True), "abc", False, False, True),
    ],
)
def test_what_is_due(record, mark, is_there, retry_failed, is_due):
    records = {} if record is None else {"/1.mp4": record}
    due = due_rows([ROW], records, lambda _: mark, lambda _: is_there, retry_failed=retry_failed)
    assert due == ([ROW] if is_due else [])


def test_inputs_of_rows_without_a_record_are_not_read():
    def mark(row):
        raise AssertionError("read for nothing")

    assert due_rows([ROW], {}, mark, lambda _: True, retry_failed=False) == [ROW]


def test_blocks_of_portraits_driver_by_driver():
    assert names(in_order(rows_of("xyz", "ab"), kept=2)) == "xa ya xb yb za zb"


def test_rows_that_did_badly_are_last():
    rows = [replace(row, late={"xa": "2", "yb": "1"}.get(row.output, "")) for row in rows_of("xy", "ab")]
    assert names(in_order(rows, kept=2)) == "ya xb yb xa"


def test_one_row_of_every_driver_leads():
    leaders, others = leaders_first(rows_of("xy", "ab"))
    assert names(leaders) == "xa xb" and names(others) == "ya yb"


def test_workers_keep_to_their_portraits_and_help_at_the_end():
    turns = Turns(rows_of("xyz", "ab"))
    first = [turns.next(1), turns.next(2), turns.next(1), turns.next(1), turns.next(2), turns.next(2)]
    assert names(first) == "xa ya xb za yb zb" and not turns.left


def test_a_row_that_came_to_nothing_is_next():
    turns = Turns(rows_of("x", "abc"))
    row = turns.next(1)
    turns.leave(1)
    turns.back(row)
    assert turns.next(2) is row
