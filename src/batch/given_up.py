"""What becomes of a row over which processes die."""

from __future__ import annotations

from .fingerprints import Fingerprints
from .record import Outcome
from .row import Row
from .worker import Job, record_of

DEATHS = 3  # processes that a row may take along before it is given up


def given_up(row: Row, job: Job, how: str) -> Outcome:
    """A row that took too many processes along: failed, and left alone by later runs.

    Args:
        row: the row.
        job: what rows share.
        how: its processes ended.
    """
    try:
        mark = Fingerprints().row(row, job.args, job.model)
    except OSError:  # another run will find it changed, and try
        mark = ""
    text = f"{how}: too little memory, or a fault in a decoder"
    return Outcome(record_of(row, job.model, mark, text, (), 0, 0.0))
