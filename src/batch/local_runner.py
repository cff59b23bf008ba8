"""Rows done by this process, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing

from .order import in_order
from .record import Outcome
from .row import Row
from .worker import KEPT, Job, Worker


def run_here(job: Job, rows: Sequence[Row]) -> Generator[Outcome, None, None]:
    """Do rows with a model that is loaded once.

    Args:
        job: what they share.
        rows: in any order.

    Yields:
        What became of each, as each ends.

    Raises:
        LivePortraitError: the model or the device cannot be used.
    """
    with closing(Worker(job)) as worker:
        for row in in_order(rows, KEPT):
            yield worker.run(row)
