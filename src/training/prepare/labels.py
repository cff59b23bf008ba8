"""Who a file shows, under which licence and from where: from a table of the user's, or from its name."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from ...errors import InputError, MissingFileError
from .options import IdentityFrom, LabelOptions

# Column of the label -> names it may have in a table.
_COLUMNS = {
    "file": ("file", "path"),
    "identity": ("identity", "person"),
    "licence": ("licence", "license"),
    "origin": ("origin", "repo", "url"),
    "face_px": ("face_px",),
}


@dataclass(frozen=True)
class Label:
    """What is said about a file.

    Attributes:
        identity: the person's label.
        licence: of the file.
        origin: where it came from; may be empty.
        face_px: size of the face in pixels of the original, for files that were resized; None = as it is measured.
    """

    identity: str
    licence: str
    origin: str = ""
    face_px: float | None = None


class Labels:
    """Labels of all files.

    Args:
        options: which table, and what holds without one.

    Raises:
        MissingFileError: there is no such table.
        InputError: it cannot be used.
    """

    def __init__(self, options: LabelOptions) -> None:
        self._options = options
        self._table = read_labels(Path(options.labels).expanduser()) if options.labels else {}

    def __contains__(self, name: str) -> bool:
        return name in self._table

    @property
    def rule(self) -> IdentityFrom:
        """Whom files without a label show."""
        return self._options.identity_from or "file"

    def names(self, name: str) -> bool:
        """Whether the table says who a file shows."""
        return bool(self._table.get(name, {}).get("identity"))

    def of(self, name: str) -> Label:
        """The label of a file by its name relative to the input folder."""
        given = self._table.get(name, {})
        return Label(
            identity=given.get("identity") or identity_of(name, self.rule),
            licence=given.get("licence") or self._options.licence,
            origin=given.get("origin", ""),
            face_px=float(given["face_px"]) if given.get("face_px") else None,
        )


def identity_of(name: str, rule: IdentityFrom) -> str:
    """Who a file is taken to show: its path without suffix, or that of its folder (a file beside all folders: itself).

    Args:
        name: path relative to the input folder, with forward slashes.
        rule: which of the two.
    """
    path = PurePosixPath(name)
    folder = path.parent.as_posix()
    return folder if rule == "folder" and folder != "." else path.with_suffix("").as_posix()


def read_labels(path: Path) -> dict[str, dict[str, str]]:
    """A table of labels, by file: columns `identity`, `licence`, `origin`, `face_px` as text, where they are given.

    Args:
        path: a JSON list of objects, or CSV with a header.

    Raises:
        MissingFileError: there is no such file.
        InputError: it is neither, or names no files, or contradicts itself, or a face_px is no size.
    """
    if not path.is_file():
        raise MissingFileError(f"the labels '{path}' do not exist: give a table by --labels")
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows: Any = json.loads(text) if text.lstrip().startswith(("[", "{")) else list(csv.DictReader(StringIO(text)))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"the labels '{path}' cannot be read: {error}") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"the labels '{path}' must be a JSON list of objects, or CSV with a header")
    table: dict[str, dict[str, str]] = {}
    first: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        where = f"entry {number} of the labels '{path}'"
        file, label = _entry(row, where)
        if table.setdefault(file, label) != label:
            raise InputError(f"{where} says something else of '{file}' than entry {first[file]}: keep one of them")
        first.setdefault(file, number)
    return table


def _entry(row: Mapping[str, Any], where: str) -> tuple[str, dict[str, str]]:
    found = {column: _cell(row, names) for column, names in _COLUMNS.items()}
    file = found.pop("file")
    if not file:
        raise InputError(f"{where} names no file: the column 'file' holds paths relative to --input")
    if found["face_px"]:
        try:
            size = float(found["face_px"])
        except ValueError:
            size = math.nan
        if not 0 <= size < math.inf:
            raise InputError(f"{where} has face_px '{found['face_px']}': a number of pixels is needed")
    return PurePosixPath(file.replace("\\", "/")).as_posix(), found


def _cell(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    values = (row.get(name) for name in names)
    return next((str(value).strip() for value in values if value not in (None, "")), "")
