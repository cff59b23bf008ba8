"""Rows done by this process, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing

from .begun import Begun
from .given_up import DEATHS, given_up
from .order import in_order
from .record import Outcome
from .row import Row
from .worker import KEPT, Job, Worker


def run_here(job: Job, rows: Sequence[Row], begun: Begun) -> Generator[Outcome, None, None]:
    """Do rows with a model that is loaded once. A row over which this process died three times is given up.

    Args:
        job: what they share.
        rows: in any order.
        begun: which rows this process died over.

    Yields:
        What became of each, as each ends.

    Raises:
        LivePortraitError: the model or the device cannot be used.
    """
    with closing(Worker(job)) as worker:
        for row in in_order(rows, KEPT):
            if begun.deaths(row) >= DEATHS:
                begun.forget(row)
                yield given_up(row, job, f"the process died over it {DEATHS} times")
                continue
            with begun.noted(row):
                outcome = worker.run(row)
            yield outcome
