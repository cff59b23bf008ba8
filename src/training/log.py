"""The log of a run: a CSV file, one line for every so many steps, with the mean of each term."""

from __future__ import annotations

import csv
import logging
import time
from pathlib import Path

logger = logging.getLogger(__name__)


class CsvLog:
    """Writes means of terms; a new term begins a new file, so that columns keep their meaning.

    Args:
        path: of the CSV file; lines are appended.
        every: steps a line.
    """

    def __init__(self, path: Path, every: int) -> None:
        self._path, self._every = path, every
        self._sums: dict[str, float] = {}
        self._count, self._began = 0, time.monotonic()

    def add(self, step: int, terms: dict[str, float]) -> None:
        """Take in the terms of a step."""
        for name, value in terms.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._count += 1
        if step % self._every == 0:
            self._write(step)

    def _write(self, step: int) -> None:
        now = time.monotonic()
        line = {"step": step, "seconds_a_step": (now - self._began) / self._count}
        line |= {name: value / self._count for name, value in self._sums.items()}
        self._sums, self._count, self._began = {}, 0, now
        self._path.parent.mkdir(parents=True, exist_ok=True)
        names = list(line)
        if self._path.exists() and self._header() != names:
            self._path.rename(self._path.with_name(f"{self._path.stem}_until_{step}{self._path.suffix}"))
        new = not self._path.exists()
        with self._path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            if new:
                writer.writeheader()
            writer.writerow({name: f"{value:.6g}" for name, value in line.items()})
        logger.info(
            "step %d: %s", step, ", ".join(f"{name} {value:.4g}" for name, value in line.items() if name != "step")
        )

    def _header(self) -> list[str]:
        with self._path.open(newline="", encoding="utf-8") as file:
            return next(csv.reader(file), [])
