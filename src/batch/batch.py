"""`run_batch()`: a job from its manifest to its table of results."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

from ..config.argument_config import ArgumentConfig
from ..config.check_arguments import check_arguments
from ..config.options import ModelName
from ..errors import LivePortraitError
from ..live_portrait_wrapper import LivePortraitWrapper, LivePortraitWrapperAnimal
from ..media.user_path import usable, user_path
from ..pipeline.render import transfer_options
from ..storage.places import absolute, folder_of, is_remote, joined
from ..weights.resolve import resolve_model
from .begun import Begun
from .check_rows import check_reach, check_rows
from .fingerprints import Fingerprints, model_mark
from .leftovers import swept
from .local_runner import run_here
from .manifest import read_manifest
from .options import JobOptions, RunnerOptions
from .order import due_rows
from .outputs import Outputs
from .product import product
from .record import Outcome, Record
from .row import Row
from .table import STATE, Table, open_table
from .worker import Job

_log = logging.getLogger(__name__)

_MOST = 10  # rows, one after the other, that something else than they themselves may let fail


@dataclass
class Tally:
    """How far a job is.

    Attributes:
        table: place of the table of results.
        total: rows of the job.
        due: rows that this run does.
        done: rows that this run has done.
        failed: rows that failed in this run.
        frames: of the results of this run.
        failed_before: rows that failed in an earlier run and were left alone.
    """

    table: str
    total: int
    due: int = 0
    done: int = 0
    failed: int = 0
    frames: int = 0
    failed_before: int = 0


class Progress(Protocol):
    """Told after every row, and once before the first."""

    def __call__(self, tally: Tally) -> None:
        """Take one report; the tally goes on counting afterwards."""
        ...


def run_batch(options: JobOptions, runner: RunnerOptions, args: ArgumentConfig, progress: Progress) -> Tally:
    """Do all rows of a job that are not done yet.

    Args:
        options: what is to be done.
        runner: who does it.
        args: options of rows that say nothing else, model and device.
        progress: told of every row.

    Returns:
        How it ended; the table tells more.

    Raises:
        LivePortraitError: the job as a whole cannot be done: rows alone raise nothing.
    """
    options.check()
    runner.check()
    check_arguments(args)
    transfer_options(args)
    here = str(Path.cwd())
    output_dir = None if options.output_dir is None else absolute(options.output_dir, here)
    rows, home = _rows(options, here, output_dir)
    table = absolute(options.results, here) if options.results else joined(home, "results.jsonl")
    if not is_remote(table):
        usable(Path(table))
    check_rows(rows, args, table, absolute(options.manifest, here) if options.manifest else None)
    if runner.runner == "ray":
        check_reach(rows, table)
    job = _job(options, runner, args, joined(output_dir or folder_of(table), STATE))
    with open_table(table) as results, swept(rows, args, table):
        tally = Tally(table, len(rows))
        begun = Begun(results.begun)
        due = [_placed(row, results, begun) for row in _due(rows, results, job, options, tally)]
        progress(tally)
        if due:
            _work(_outcomes(runner, job, due, begun), results, tally, progress)
    return tally


def _rows(options: JobOptions, here: str, output_dir: str | None) -> tuple[list[Row], str]:
    """The rows, and the folder of the job's own files."""
    if options.manifest is None:
        assert options.sources is not None and options.drivings is not None and output_dir is not None, "checked"
        return product(absolute(options.sources, here), absolute(options.drivings, here), output_dir), output_dir
    manifest = absolute(options.manifest, here)
    folder = folder_of(manifest)
    return read_manifest(manifest, folder, output_dir), output_dir or folder


def _job(options: JobOptions, runner: RunnerOptions, args: ArgumentConfig, state: str) -> Job:
    """What the workers share. The model is decided here, so that all of them run the same one."""
    if args.weights_dir is not None:  # workers of a cluster have other current folders
        args = replace(args, weights_dir=user_path(args.weights_dir, "weights_dir").absolute())
    kind = LivePortraitWrapperAnimal if args.animals else LivePortraitWrapper
    kind.check_model(args.model)
    model = resolve_model(args.model, args.weights_dir, official=kind.official_model)
    chosen = replace(args, model=cast(ModelName, model.name))
    mark, cache = model_mark(model, animals=args.animals), int(runner.cache_gib * 2**30)
    return Job(chosen, mark, joined(state, "templates"), options.retries, cache)


def _due(rows: Sequence[Row], table: Table, job: Job, options: JobOptions, tally: Tally) -> list[Row]:
    fingerprints = Fingerprints(at_once=True)

    def mark(row: Row) -> str | None:
        try:
            return fingerprints.row(row, job.args, job.model)
        except OSError:  # the row will tell
            return None

    due = due_rows(rows, table.records, mark, Outputs().is_there, retry_failed=options.retry_failed)
    tally.due = len(due)
    left = {row.output for row in rows} - {row.output for row in due}
    tally.failed_before = sum(table.records[output].status == "failed" for output in left)
    if done := len(left) - tally.failed_before:
        _log.info("%d of %d rows are done already", done, tally.total)
    if tally.failed_before:
        _log.warning("%d rows failed before and are as they were: --retry_failed does them again", tally.failed_before)
    return due


def _placed(row: Row, table: Table, begun: Begun) -> Row:
    """A row that did badly before, for no reason of its own that is known, comes last: it shall not stop others."""
    if begun.deaths(row):
        return replace(row, late="of all")  # behind all dates
    record = table.records.get(row.output)
    return replace(row, late=record.ended) if record is not None and record.passing else row


def _outcomes(runner: RunnerOptions, job: Job, rows: Sequence[Row], begun: Begun) -> Generator[Outcome, None, None]:
    if runner.runner == "local":
        return run_here(job, rows, begun)
    from .ray_runner import run_on_ray  # its package is optional

    return run_on_ray(job, rows, runner)


def _work(outcomes: Generator[Outcome, None, None], table: Table, tally: Tally, progress: Progress) -> None:
    passing = 0
    with closing(outcomes):
        for outcome in outcomes:
            record = outcome.record
            table.append(record)
            _tell(record, outcome.trace)
            tally.done += record.status == "done"
            tally.failed += record.status == "failed"
            tally.frames += record.frames
            progress(tally)
            passing = passing + 1 if record.passing else 0
            if passing == _MOST:
                raise LivePortraitError(
                    f"{_MOST} rows one after the other failed for a reason that is not theirs, the last one: "
                    f"{record.error}; mend it and give the same command again"
                )


def _tell(record: Record, trace: str | None) -> None:
    for warning in record.warnings:
        _log.warning("row %d: %s", record.row, warning)
    if record.error is not None:
        _log.error("row %d failed: %s", record.row, record.error)
    if trace is not None:
        _log.error("%s", trace.rstrip())
