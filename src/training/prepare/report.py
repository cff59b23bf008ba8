"""`Report`: what became of the input of `prepare()`, in numbers and by file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import InputError
from ..data.index import IndexRow
from .file_record import FileRecord
from .json_file import write_json
from .quality import Reason
from .records import REPORT


@dataclass
class Report:
    """What became of the input.

    Attributes:
        records: of all files that could be used, by name.
        small: files whose label says that the face is too small, by name.
        others: files that are neither video nor picture, and why.
        rows: of the index.
        done: number of files that this run prepared.
    """

    records: dict[str, FileRecord]
    small: list[str]
    others: dict[str, str]
    rows: list[IndexRow] = field(default_factory=list)
    done: int = 0

    @property
    def unusable(self) -> dict[str, str]:
        """Videos and pictures that could not be read, and why."""
        return {name: record.error for name, record in self.records.items() if record.error}

    @property
    def empty(self) -> dict[str, str]:
        """Files that were read but gave no shot, and the most frequent reason."""
        records = (record for record in self.records.values() if not record.error and not record.shots)
        return {
            record.source: max(record.dropped, key=lambda reason: record.dropped[reason]) if record.dropped else "empty"
            for record in records
        }

    def dropped(self) -> dict[str, tuple[int, int]]:
        """By reason: frames that were dropped, and files in which that happened; in the order of `Reason`."""
        frames, files = Counter[str](), Counter[str]()
        for record in self.records.values():
            frames.update(record.dropped)
            files.update(record.dropped.keys())
        return {reason.value: (frames[reason.value], files[reason.value]) for reason in Reason if frames[reason.value]}

    def as_dict(self) -> dict[str, Any]:
        """All of it for `prepare_report.json`."""
        incomplete = [r for r in self.records.values() if r.dropped or r.error or r.messages]
        return {
            "files": len(self.records) + len(self.small),
            "shots": len(self.rows),
            "frames": {"seen": sum(r.frames for r in self.records.values()), "kept": sum(r.frames for r in self.rows)},
            "dropped": {reason: {"frames": n, "files": m} for reason, (n, m) in self.dropped().items()},
            "incomplete": [
                {"file": r.source, "frames": r.frames, "kept": r.kept}
                | {name: value for name in ("dropped", "error", "messages") if (value := getattr(r, name))}
                for r in incomplete
            ],
            "small": self.small,
            "others": self.others,
        }


def write_report(folder: Path, content: object) -> Path:
    """Write what became of all files as JSON.

    Raises:
        InputError: it cannot be written.
    """
    path = folder / REPORT
    try:
        write_json(path, content)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written: {error.strerror or error}") from error
    return path
