"""`Table`: the results of a job, in the form and at the place that was asked for."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from ..errors import InputError, StoreError
from ..media.lock import hold
from ..media.output_file import temporary_beside
from ..storage.extras import needed
from ..storage.places import folder_of, is_remote, name_of, suffix_of
from ..storage.stores import exists, reaching, read_bytes
from ..storage.writing import put_bytes
from .journal import Journal, parse_records
from .record import Record

_log = logging.getLogger(__name__)

STATE = ".batch"
_EVERY = 60.0  # seconds between two copies of a table that cannot grow in its place


class Table:
    """What became of every output, kept as the work goes on.

    A local .jsonl grows line by line. Parquet and remote files cannot grow: a journal does so in their stead, and they
    are written anew from it every minute and at the end.

    Args:
        place: of the table, .jsonl or .parquet.
        journal: the file that grows.
    """

    def __init__(self, place: str, journal: Journal) -> None:
        self._place, self._journal = place, journal
        self._published = time.monotonic()

    @property
    def begun(self) -> Path:
        """Where it is noted which rows are at work."""
        return _state_folder(self._place) / f"{name_of(self._place)}.begun"

    @property
    def records(self) -> dict[str, Record]:
        """Output -> its last record."""
        return self._journal.records

    def append(self, record: Record) -> None:
        """Add a record.

        Raises:
            InputError: the journal cannot be written.
        """
        self._journal.append(record)
        if time.monotonic() - self._published > _EVERY:
            try:
                self.publish()
            except StoreError as error:  # nothing is lost: the journal has it all
                _log.warning("%s; it is tried again in a minute", error)
                self._published = time.monotonic()

    def publish(self) -> None:
        """Bring a table that cannot grow up to date.

        Raises:
            InputError: it cannot be written.
            StoreError: its store does not take it.
        """
        if _grows(self._place):
            return
        with reaching(self._place, "table"):
            _write(self._place, self._content())
        self._published = time.monotonic()

    def _content(self) -> bytes:
        rows = [record.as_json() for record in self.records.values()]
        if suffix_of(self._place) != ".parquet":
            return "".join(json.dumps(row) + "\n" for row in rows).encode()
        arrow, parquet = needed("pyarrow", "a Parquet table"), needed("pyarrow.parquet", "a Parquet table")
        whole, text = arrow.int64(), arrow.string()
        kinds = dict.fromkeys(("source", "output", "status", "error", "model", "hash", "ended"), text)
        kinds |= {"passing": arrow.bool_(), "row": whole, "frames": whole, "seconds": arrow.float64()}
        kinds |= {"driving": arrow.list_(text), "warnings": arrow.list_(text)}
        schema = arrow.schema([(name, kinds[name]) for name in Record.__dataclass_fields__])
        buffer = io.BytesIO()
        parquet.write_table(arrow.Table.from_pylist(rows, schema), buffer)
        return buffer.getvalue()


@contextmanager
def open_table(place: str) -> Iterator[Table]:
    """A table with what earlier runs wrote; it is up to date when the block ends, however that happens.

    Args:
        place: of the table, .jsonl or .parquet.

    Raises:
        InputError: another run of this machine writes it, it holds something else, or it cannot be read or written.
        StoreError: its store cannot be reached.
    """
    if suffix_of(place) == ".parquet":
        needed("pyarrow.parquet", "a Parquet table")  # before the work, not after it
    path = _journal_path(place)
    with hold(_lock_path(place), place, "another --results"):
        with reaching(place, "table"):
            if not _grows(place) and exists(place):
                _merge(path, place)
        journal = Journal(path)
        try:
            table = Table(place, journal)
            if is_remote(place):
                table.publish()  # better now than after the work: no such bucket, no rights
            try:
                yield table
            finally:
                table.publish()
        finally:
            journal.close()


def _grows(place: str) -> bool:
    return not is_remote(place) and suffix_of(place) == ".jsonl"


def _journal_path(place: str) -> Path:
    return Path(place) if _grows(place) else _state_folder(place) / f"{name_of(place)}.jsonl"


def _lock_path(place: str) -> Path:
    return _state_folder(place) / f"{name_of(place)}.lock"


def _state_folder(place: str) -> Path:
    """Where the journal and the lock of a table lie: beside it, or in the user's cache."""
    if not is_remote(place):
        return Path(folder_of(place), STATE)
    mark = hashlib.sha256(place.encode()).hexdigest()[:16]
    return platformdirs.user_cache_path("liveportrait", appauthor=False) / "batch" / mark


def _merge(path: Path, place: str) -> None:
    """Take over into a journal what a table says: another machine may have written it, or its journal may be gone."""
    content = read_bytes(place, "table")
    theirs = _of_parquet(content, place) if suffix_of(place) == ".parquet" else list(parse_records(content, place))
    ours = list(parse_records(path.read_bytes(), str(path))) if path.exists() else []
    both = {record.output: record for record in sorted([*ours, *theirs], key=lambda record: record.ended)}
    _write(str(path), "".join(json.dumps(record.as_json()) + "\n" for record in both.values()).encode())


def _of_parquet(content: bytes, place: str) -> list[Record]:
    arrow, parquet = needed("pyarrow", "a Parquet table"), needed("pyarrow.parquet", "a Parquet table")
    try:
        return [Record.of(row) for row in parquet.read_table(io.BytesIO(content)).to_pylist()]
    except (arrow.ArrowException, KeyError, TypeError) as error:
        what = f"no column {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(f"'{place}' is no table of a batch ({what}): name another --results") from error


def _write(place: str, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    if is_remote(place):
        put_bytes(content, place, "table")
        return
    part_path = temporary_beside(Path(place))
    try:
        part_path.write_bytes(content)
        part_path.replace(place)
    finally:
        part_path.unlink(missing_ok=True)
