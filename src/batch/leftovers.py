"""What was begun and never finished, as its writer was killed: removed, so that folders of results hold results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..config.argument_config import ArgumentConfig
from ..media.output_file import remove_temporaries
from ..storage.places import is_remote
from .check_rows import written_by
from .row import Row


@contextmanager
def swept(rows: Sequence[Row], args: ArgumentConfig, table: str) -> Iterator[None]:
    """Remove halves of a job's files, both before the block, of an earlier run, and after it, of workers that died.

    Only temporary files of these very results are removed: other programs may be writing others to the same folders.
    Those of a remote store stay.

    Args:
        rows: all of the job.
        args: options of rows that say nothing else.
        table: place of the table, which this run alone may write by now.
    """
    places = [table, *(place for row in rows for place in written_by(row, args))]
    paths = [Path(place) for place in places if not is_remote(place)]
    remove_temporaries(paths)
    try:
        yield
    finally:
        remove_temporaries(paths)
