"""A manifest becomes rows: a table of source, driving, output and options."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ..errors import InputError
from ..storage.extras import needed
from ..storage.places import absolute, joined, stem_of, suffix_of
from ..storage.stores import read_bytes
from .columns import PLACES, option_of
from .row import Row, numbers

_SUFFIXES = ".csv, .jsonl, .parquet"

Cells = Mapping[str, Any]


def read_manifest(place: str, inputs_from: str, output_dir: str | None) -> list[Row]:
    """The rows of a manifest.

    Args:
        place: of the manifest: CSV with headings, JSONL with one object a line, or Parquet.
        inputs_from: folder from which relative sources and drivers count.
        output_dir: folder from which outputs count; rows without one are named <source>--<driving>.mp4 in it. None =
            the folder of the inputs, and every row must name its output.

    Raises:
        InputError: it cannot be read, or a column or a row is none.
    """
    rows = [_filled(cells) for cells in _read(place)]
    if not rows:
        raise InputError(f"the manifest '{place}' holds no rows")
    names = _names(rows)
    return [_row(number, cells, names, inputs_from, output_dir) for number, cells in enumerate(rows, start=1)]


def _read(place: str) -> Iterable[Cells]:
    suffix, content = suffix_of(place), read_bytes(place, "manifest")
    if suffix == ".parquet":
        return _parquet(content, place)
    if suffix not in (".csv", ".jsonl", ".ndjson"):
        raise InputError(f"the manifest '{place}' must be one of {_SUFFIXES}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"the manifest '{place}' is no text in UTF-8: {error.reason} at byte {error.start}") from error
    return _csv(text, place) if suffix == ".csv" else _jsonl(text)


def _csv(text: str, place: str) -> Iterator[Cells]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _refuse_other_commas(reader.fieldnames or (), place)
        _refuse_doubled(reader.fieldnames or (), f"the manifest '{place}'")
        for number, cells in enumerate(reader, start=1):
            if None in cells:
                raise InputError(f"row {number} has more cells than '{place}' has headings: quote texts with commas")
            yield cells
    except csv.Error as error:
        raise InputError(f"the manifest '{place}' is no CSV at line {reader.reader.line_num}: {error}") from error


def _jsonl(text: str) -> Iterator[Cells]:
    lines = (line for line in text.split("\n") if line.strip())
    for number, line in enumerate(lines, start=1):
        try:
            cells = json.loads(line, object_pairs_hook=partial(_object, number))
        except InputError:
            raise
        except (ValueError, RecursionError) as error:
            raise InputError(f"row {number} is no JSON: {error}") from error
        if not isinstance(cells, dict):
            raise InputError(f"row {number} is no object of columns but {line.strip()[:60]}")
        yield cells


def _object(number: int, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_doubled([name for name, _ in pairs], f"row {number}")
    return dict(pairs)


def _refuse_other_commas(names: Sequence[str], place: str) -> None:
    if len(names) == 1 and (found := re.search("[;\t|]", names[0])):
        raise InputError(f"the cells of '{place}' must be separated by commas, not by {found[0]!r}")


def _refuse_doubled(names: Iterable[str], where: str) -> None:
    doubled = [name for name, times in Counter(names).items() if times > 1]
    if doubled:  # the last one would win without a word
        raise InputError(f"{where} has the column '{doubled[0]}' twice: keep one of them")


def _parquet(content: bytes, place: str) -> list[Cells]:
    arrow, parquet = needed("pyarrow", "a Parquet manifest"), needed("pyarrow.parquet", "a Parquet manifest")
    try:
        table = parquet.ParquetFile(io.BytesIO(content)).read()
        _refuse_doubled(table.column_names, f"the manifest '{place}'")
        rows: list[Cells] = table.to_pylist()
    except arrow.ArrowException as error:
        raise InputError(f"the manifest '{place}' is no Parquet: {error}") from error
    return rows


def _filled(cells: Cells) -> dict[str, Any]:
    """The cells of a row that hold something."""
    return {name: value for name, value in cells.items() if not _is_blank(value)}


def _is_blank(value: Any) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())  # NaN


def _names(rows: Iterable[Cells]) -> dict[str, str]:
    """Column -> official name of what it holds."""
    using: dict[str, list[int]] = {}
    for number, cells in enumerate(rows, start=1):
        for column in cells:
            using.setdefault(column, []).append(number)
    names: dict[str, str] = {}
    for column, at in using.items():
        try:
            names[column] = option_of(column)
        except InputError as error:
            raise InputError(f"{error} (in {numbers(at)})") from error
    return names


def _row(number: int, cells: Cells, names: Mapping[str, str], inputs_from: str, output_dir: str | None) -> Row:
    given: dict[str, Any] = {}
    for column, value in cells.items():
        if names[column] in given:
            raise InputError(f"row {number} gives '{names[column]}' twice, as '{column}' too")
        given[names[column]] = value
    try:
        source = absolute(_text(given, "source"), inputs_from)
        drivings = tuple(absolute(driving, inputs_from) for driving in _drivings(given))
        output = absolute(_output(given, source, drivings, output_dir), output_dir or inputs_from)
    except InputError as error:
        raise InputError(f"row {number}: {error}") from error
    return Row(number, source, drivings, output, {name: given[name] for name in given if name not in PLACES})


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        raise InputError(f"the column '{name}' is empty or missing")
    if not isinstance(value, str):
        raise InputError(f"the column '{name}' must hold a path, got {value!r}")
    return value.strip()


def _drivings(given: Mapping[str, Any]) -> list[str]:
    """One driver, or in JSONL and Parquet a list with one for each of the faces."""
    value = given.get("driving")
    if isinstance(value, list) and value and all(isinstance(driving, str) and driving.strip() for driving in value):
        return [driving.strip() for driving in value]
    return [_text(given, "driving")]


def _output(given: Mapping[str, Any], source: str, drivings: tuple[str, ...], output_dir: str | None) -> str:
    if "output" in given:
        return _text(given, "output")
    if output_dir is None:
        raise InputError("the column 'output' is empty or missing: name the result there, or give an --output_dir")
    return joined(output_dir, f"{stem_of(source)}--{'+'.join(map(stem_of, drivings))}.mp4")
