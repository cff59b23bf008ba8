"""A file of records that only ever grows, a line a record; what a killed run left half is dropped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError
from .record import Record


def parse_records(content: bytes, name: str) -> Iterator[Record]:
    """The records in a file's content, the oldest first; a last line that was torn is passed over.

    Args:
        content: lines of JSON.
        name: of the file, for messages.

    Raises:
        InputError: a line is no record, so that the file is something else.
    """
    whole = content[: content.rfind(b"\n") + 1]
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            yield Record.of(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"line {number} of '{name}' is no record of a batch ({type(error).__name__}: {error}): "
                "name another --results, or remove that line"
            ) from error


class Journal:
    """Appends records to a file; a context manager.

    Args:
        path: of the file; made with its folder if it is missing.

    Attributes:
        records: output -> its last record.

    Raises:
        InputError: the file holds something else, or cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: dict[str, Record] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b")
        except OSError as error:
            raise self._unusable(error) from error
        try:
            self._file.seek(0)
            content = self._file.read()
            self.records = {record.output: record for record in parse_records(content, str(path))}
            self._file.truncate(content.rfind(b"\n") + 1)
        except OSError as error:
            self.close()
            raise self._unusable(error) from error
        except InputError:
            self.close()
            raise

    def append(self, record: Record) -> None:
        """Add a record; it is in the file, as far as this program goes, when this returns.

        Raises:
            InputError: the file cannot be written, such as on a full disk.
        """
        line = json.dumps(record.as_json(), ensure_ascii=True) + "\n"
        try:
            self._file.write(line.encode())
            self._file.flush()
        except OSError as error:
            raise self._unusable(error) from error
        self.records[record.output] = record

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _unusable(self, error: OSError) -> InputError:
        return InputError(f"the table '{self._path}' cannot be used: {error.strerror or error}")
