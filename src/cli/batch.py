"""`batch.py`, and its command `liveportrait-batch`: many portraits, many drivers."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..batch.options import JobOptions, RowOptions, RunnerOptions
from ..config.argument_config import ArgumentConfig
from ..config.options import CropOptions, FrameOptions, ModelOptions, MotionOptions, RuntimeOptions
from ..errors import LivePortraitError
from .console import PACKAGE, run_command
from .groups import parse_groups

if TYPE_CHECKING:  # torch takes seconds to import: not for --help
    from ..batch.batch import Tally

DESCRIPTION = """Animate many portraits with many drivers; a second run does only what is missing.

A manifest names source, driving and output of every row, and any option that differs from row to row; or every
portrait of one folder is driven by every driver of another. Other options hold for all rows.
  python batch.py --manifest jobs.csv
  python batch.py --sources portraits --drivings videos --output_dir results
  python batch.py --manifest s3://bucket/jobs.parquet --output_dir s3://bucket/out --runner ray --address auto"""


@dataclass
class _Groups:
    """The options in the groups under which --help lists them."""

    job: JobOptions = field(default_factory=JobOptions)
    runner: RunnerOptions = field(default_factory=RunnerOptions)
    rows: RowOptions = field(default_factory=RowOptions)
    motion: MotionOptions = field(default_factory=MotionOptions)
    frame: FrameOptions = field(default_factory=FrameOptions)
    crop: CropOptions = field(default_factory=CropOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)


@dataclass(frozen=True)
class Command:
    """What a command line says."""

    job: JobOptions
    runner: RunnerOptions
    args: ArgumentConfig


class RowsFailed(LivePortraitError):
    """The job is over, and some of its rows failed."""


def parse(argv: Sequence[str] | None = None) -> Command:
    """Read a command line; wrong options end the program with tyro's message and exit code 2."""
    words = sys.argv[1:] if argv is None else argv
    default = _Groups(motion=MotionOptions(flag_stitching=False)) if "--animals" in words else _Groups()
    flat = parse_groups(default, DESCRIPTION, argv)
    job = JobOptions(**{name: flat.pop(name) for name in vars(JobOptions())})
    runner = RunnerOptions(**{name: flat.pop(name) for name in vars(RunnerOptions())})
    return Command(job, runner, ArgumentConfig(**flat, animals=job.animals))


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, work, report; returns the exit code: 1 also if rows failed."""
    with _ended_as_interrupted():
        return run_command(parse, _batch, argv)


@contextmanager
def _ended_as_interrupted() -> Iterator[None]:
    """Let SIGTERM, of a system that shuts down, do what Ctrl-C does: half files and copies go."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _batch(command: Command, console: Console) -> str:
    from ..batch.batch import run_batch

    for handler in logging.getLogger().handlers:
        handler.addFilter(_OfTheJob())
    with RowsBar(console) as bar:
        tally = run_batch(command.job, command.runner, command.args, bar)
    failed = tally.failed + tally.failed_before
    if failed:
        raise RowsFailed(f"{failed} of {tally.total} rows failed: '{tally.table}' says why")
    return tally.table


class _OfTheJob(logging.Filter):
    """Passes on what is about the job: what a single run says is told with the number of its row, or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is shown; one about the weights is shown once, though worker after worker takes them."""
        room = record.name.removeprefix(f"{PACKAGE}.").partition(".")[0]
        if room == "weights" and record.getMessage() in self._said:
            return False
        self._said.add(record.getMessage() if room == "weights" else "")
        return room not in ("pipeline", "media", "face", "motion")


class RowsBar:
    """A bar of rows, with those that failed and the frames a second beside it."""

    def __init__(self, console: Console) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("rows,")
        counts = TextColumn("{task.fields[failed]} failed, {task.fields[speed]} frames/s,")
        self._progress = Progress(*columns, counts, TimeRemainingColumn(), console=console)
        self._task = self._progress.add_task("Animating", total=None, failed=0, speed="-")

    def __call__(self, tally: Tally) -> None:
        """Show how far a job is."""
        if not tally.due:
            return
        self._progress.start()
        elapsed = self._progress.tasks[0].elapsed or 0.0
        speed = f"{tally.frames / elapsed:.1f}" if elapsed and tally.frames else "-"
        ended = tally.done + tally.failed
        self._progress.update(self._task, completed=ended, total=tally.due, failed=tally.failed, speed=speed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress.live.is_started:  # a bar that never began would still print an empty line
            self._progress.stop()
