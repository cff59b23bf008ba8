"""A file of records that only ever grows, a line a record; what a killed run left half is dropped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from ..errors import InputError
from .record import Record

_BEGINNING = b'{"row": '


def parse_records(content: bytes, name: str) -> Iterator[Record]:
    """The records in a file's content, the oldest first; a last line that was torn is passed over.

    Args:
        content: lines of JSON.
        name: of the file, for messages.

    Raises:
        InputError: a line is no record, so that the file is something else.
    """
    whole = content[: content.rfind(b"\n") + 1]
    if not whole and not _is_torn(content):
        raise InputError(f"'{name}' holds something else than records of a batch: name another --results")
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            yield Record.of(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"line {number} of '{name}' is no record of a batch ({type(error).__name__}: {error}): "
                "name another --results, or remove that line"
            ) from error


def _is_torn(line: bytes) -> bool:
    """Whether a line without an end may be one of ours, half or whole, rather than the only one of a foreign file."""
    try:
        Record.of(json.loads(line))
    except ValueError:
        return line.startswith(_BEGINNING[: len(line)])
    except (KeyError, TypeError):
        return False
    return True


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
            self._file: FileIO = path.open("a+b", buffering=0)  # a buffer would be written again at the end
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
            self._write(line.encode())
        except OSError as error:
            raise self._unusable(error) from error
        self.records[record.output] = record

    def _write(self, line: bytes) -> None:
        """All of a line: the last free bytes of a disk take a part of it."""
        while line:
            line = line[self._file.write(line) :]

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _unusable(self, error: OSError) -> InputError:
        return InputError(f"the table '{self._path}' cannot be used: {error.strerror or error}")
