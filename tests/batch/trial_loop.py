"""How much faster a batch is than a shell's loop over `inference.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .trial_checks import largest_difference
from .trial_rows import ROOT, Line, Trial, write_manifest
from .trial_run import batch_words


@dataclass(frozen=True)
class Speeds:
    """Rows a minute, starts of programs included.

    Attributes:
        rows: that the loop did.
        loop: of the loop.
        batch: of a batch with the same rows.
        whole: of a batch with all good rows of the trial.
        difference: levels by which pictures of loop and batch differ at most.
    """

    rows: int
    loop: float
    batch: float
    whole: float
    difference: int

    def __str__(self) -> str:
        return (
            f"{self.rows} rows by a loop of inference.py: {self.loop:.1f} rows/min\n"
            f"the same {self.rows} rows by batch.py: {self.batch:.1f} rows/min, {self.batch / self.loop:.2f} times\n"
            f"all good rows by batch.py: {self.whole:.1f} rows/min, {self.whole / self.loop:.2f} times the loop's "
            "rows/min (a loop over all of them was not run)\n"
            f"largest difference between loop and batch: {self.difference} levels"
        )


def measure(trial: Trial, folder: Path, rows: int) -> Speeds:
    """Do the same rows with both, one after the other, and all of them with the batch.

    Args:
        trial: good rows to choose from.
        folder: for results; nothing is in it yet.
        rows: for the loop; as many of every driver, so that their number is rounded.
    """
    some = sample(trial.lines, rows)
    batch = _batch(trial, some, folder / "same")
    loop = _loop(trial, some, folder / "loop")
    whole = _batch(trial, trial.lines, folder / "all")
    difference = largest_difference([line.output for line in some], folder / "same", folder / "loop")
    return Speeds(len(some), loop, batch, whole, difference)


def sample(lines: list[Line], rows: int) -> list[Line]:
    """About so many rows: as many of each driver, and each with other portraits than the one before it."""
    of: dict[str, list[Line]] = {}
    for line in lines:
        of.setdefault(line.driving, []).append(line)
    each = min(max(1, round(rows / len(of))), *map(len, of.values()))
    chosen = {mine[(number * each + k) % len(mine)] for number, mine in enumerate(of.values()) for k in range(each)}
    return [line for line in lines if line in chosen]


def _batch(trial: Trial, lines: list[Line], out: Path) -> float:
    manifest = trial.folder / f"{out.name}.csv"
    write_manifest(manifest, lines)
    return len(lines) / _minutes([batch_words(manifest, out, "local")])


def _loop(trial: Trial, lines: list[Line], out: Path) -> float:
    commands = []
    for source, driving, output, _ in lines:
        words = [sys.executable, "inference.py", "--source", str(trial.folder / source)]
        words += ["--driving", str(trial.folder / driving), "--output", str(out / output)]
        commands.append([*words, "--model", "compact", "--device", "cpu", "--no_concat"])
    return len(lines) / _minutes(commands)


def _minutes(commands: list[list[str]]) -> float:
    """How long commands take, one after the other."""
    started = time.monotonic()
    for words in commands:
        done = subprocess.run(words, cwd=ROOT, env=os.environ | {"HF_HUB_OFFLINE": "1"}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return (time.monotonic() - started) / 60
