"""The log of a run: a CSV file, one line for every so many steps, with the mean of each term."""

from __future__ import annotations

import csv
import logging
import time
from pathlib import Path

from ..media.output_file import temporary_beside

logger = logging.getLogger(__name__)

Row = dict[str, str]


class CsvLog:
    """Writes means of terms. A term that begins late gets a column of its own, empty in the lines before.

    Args:
        path: of the CSV file.
        every: steps a line.
        after: steps that are done: lines of later ones, of a run that went on and was lost, are taken out.
    """

    def __init__(self, path: Path, every: int, after: int = 0) -> None:
        self._path, self._every = path, every
        self._rows = [row for row in _read(path) if int(row["step"]) <= after] if after else []
        self._begin()

    def add(self, step: int, terms: dict[str, float]) -> None:
        """Take in the terms of a step, and write a line where one is due."""
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1
        self._steps += 1
        self._last = step
        if step % self._every == 0:
            self.flush()

    def flush(self) -> None:
        """Write a line of the steps since the last one, if there were any."""
        if not self._steps:
            return
        means = {name: value / self._counts[name] for name, value in self._sums.items()}
        values = {"seconds_a_step": (time.monotonic() - self._began) / self._steps, **means}
        self._rows.append({"step": str(self._last)} | {name: f"{value:.6g}" for name, value in values.items()})
        self._write()
        logger.info("step %d: %s", self._last, ", ".join(f"{name} {value:.4g}" for name, value in values.items()))
        self._begin()

    def _begin(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._steps, self._last = 0, 0
        self._began = time.monotonic()

    def _write(self) -> None:
        """The whole file, which stays small: a line for fifty steps makes two megabytes of a million."""
        names = list(dict.fromkeys(name for row in self._rows for name in row))
        part = temporary_beside(self._path)
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(self._rows)
        part.replace(self._path)


def _read(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: value for name, value in row.items() if value} for row in csv.DictReader(file)]
