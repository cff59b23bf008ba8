"""`Worker`: one model that does row after row, wherever it runs."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal

from ..config.argument_config import ArgumentConfig
from ..config.split import split_arguments
from ..errors import Cancelled, InputError, LivePortraitError, StoreError, WeightsError, WriteError
from ..live_portrait_wrapper import LivePortraitWrapper, LivePortraitWrapperAnimal
from ..media.containers import VIDEO_SUFFIXES
from ..media.ffmpeg import FfmpegError
from ..media.given import Inbox
from ..media.picture import PICTURE_SUFFIXES
from ..media.sniff import MediaKind
from ..motion.template import load_template
from ..pipeline.kept import KeptSources
from ..pipeline.plan import Plan, plan_run
from ..pipeline.result import AnimationResult
from ..storage.files import Files
from ..storage.places import folder_of, is_remote, joined, name_of, suffix_of
from .columns import with_options
from .fingerprints import Fingerprints
from .record import Outcome, Record
from .row import Row
from .row_log import RowLog
from .templates import Templates

# Encoders get frames, never inputs: a full disk, or one that was killed.
_PASSING = (StoreError, WriteError, FfmpegError, WeightsError)
_PAUSE, _LONGEST = 0.5, 30.0  # seconds before a row is tried again: twice as long every time, up to so many
KEPT = 8  # portraits that are kept ready; rows are ordered so that this is enough


@dataclass(frozen=True)
class Job:
    """What all workers of a job share.

    Attributes:
        args: options of rows that say nothing else; `model` is no longer "auto".
        model: mark of the model.
        templates: folder of the drivers' motion, a path or a URL.
        retries: how often a row is tried again after an error that is not about its inputs.
        cache_bytes: what copies of remote inputs may take.
    """

    args: ArgumentConfig
    model: str
    templates: str
    retries: int
    cache_bytes: int


class Worker:
    """Does rows one after the other with a model of its own; a result is the one that `execute` alone gives.

    Args:
        job: what is shared.

    Raises:
        LivePortraitError: the model or the device cannot be used.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        kind = LivePortraitWrapperAnimal if job.args.animals else LivePortraitWrapper
        inference_cfg, crop_cfg = split_arguments(job.args)
        wrapper = kind(inference_cfg, crop_cfg=crop_cfg, model=job.args.model, weights_dir=job.args.weights_dir)
        self._wrapper, self._fingerprints = wrapper, Fingerprints()
        self._files, self._kept = Files(job.cache_bytes), KeptSources(KEPT)
        self._stopped, self._working = threading.Event(), threading.Lock()
        make = partial(wrapper.execute, progress=self._go_on)
        self._templates = Templates(job.templates, make, self._files, self._fingerprints, job.model)

    def run(self, row: Row) -> Outcome:
        """Do a row, whatever comes of it; only an interruption is passed on."""
        started, tries = time.perf_counter(), 0
        warnings: dict[str, None] = {}
        with self._working, RowLog() as log:
            while True:
                error, trace, frames, mark, again = None, None, 0, "", False
                try:
                    mark = self._fingerprints.row(row, self._job.args, self._job.model)
                    frames = self._animate(row)
                except LivePortraitError as problem:
                    error = one_line(self._files.told(str(problem)))
                    again = isinstance(problem, _PASSING)
                except Exception as problem:  # anything may be wrong with one row, and the others must go on
                    error, trace = f"{type(problem).__name__}: {one_line(str(problem))}", traceback.format_exc()
                    again = True
                finally:
                    warnings |= dict.fromkeys(map(self._files.told, log.taken()))
                    self._files.release()
                tries += 1
                if not again or tries > self._job.retries or self._stopped.wait(min(_PAUSE * 2**tries, _LONGEST)):
                    break
        seconds = round(time.perf_counter() - started, 3)
        record = record_of(row, self._job.model, mark, error, tuple(warnings), frames, seconds, passing=again)
        return Outcome(record, trace)

    def close(self) -> None:
        """End the row at hand, if another thread is at one, without a half file; remove the copies of remote inputs."""
        self._stopped.set()
        with self._working:
            self._files.close()

    def _go_on(self, stage: str, done: int, total: int | None) -> None:
        """The progress of every run: stop it if that was asked for."""
        if self._stopped.is_set():
            raise Cancelled("stopped on request")

    def _animate(self, row: Row) -> int:
        """Make the result of a row; gives the number of its frames."""
        source, *drivings = [str(self._files.fetch(place)) for place in row.inputs]
        stored = is_remote(row.output)
        target = self._files.scratch(row.output) if stored else Path(row.output)
        args = with_options(self._job.args, row.options)
        args = replace(args, source=source, driving=drivings if len(drivings) > 1 else drivings[0])
        args = self._by_template(replace(args, output=str(target)))
        result = self._wrapper.execute(args, progress=self._go_on, kept=self._kept)
        if stored:
            self._store(result, folder_of(row.output))
        return result.n_frames

    def _by_template(self, args: ArgumentConfig) -> ArgumentConfig:
        """The same run driven by the template of its driver, where that gives the same result.

        It does where the source is a picture. Of the driver of a video only as much is read as the video is long, and
        the crop and the steadied motion depend on how much that is.
        """
        with Inbox() as inbox:
            plan = plan_run(args, inbox, self._wrapper.engine.keypoints)
        assert plan.source is not None and plan.outputs is not None, "every row has a source"
        _check_suffix(args, plan)
        kinds = [driving.motion.kind for driving in plan.drivings]
        if plan.source.kind is not MediaKind.PICTURE or len(kinds) > 1:
            return args
        if kinds[0] in (MediaKind.TEMPLATE, MediaKind.PICTURE):
            return args
        template = self._templates.of(Path(args.driving), args)
        if not load_template(template).is_video:  # it would make a picture, a video of one frame makes a video
            return args
        read = {name: getattr(ArgumentConfig, name) for name in ("on_missing", "flag_crop_driving_video")}
        return replace(args, motion_template=str(template), **read)  # what was needed to read it would be warned of

    def _store(self, result: AnimationResult, folder: str) -> None:
        """Move a result, and what came beside it, to a remote folder; the result itself is the last."""
        for path in (result.concat, result.gif, str(result)):
            if path is not None and Path(path).exists():
                self._files.store(Path(path), joined(folder, Path(path).name))


def record_of(
    row: Row,
    model: str,
    mark: str,
    error: str | None,
    warnings: Sequence[str],
    frames: int,
    seconds: float,
    *,
    passing: bool = False,
) -> Record:
    """The record of a row that ended now.

    Args:
        row: the row.
        model: mark of the model.
        mark: of all that decides about the result.
        error: why there is none; None if there is.
        warnings: what was said on the way.
        frames: of the result.
        seconds: that it took.
        passing: the error is not about the row.
    """
    status: Literal["done", "failed"] = "done" if error is None else "failed"
    ended = datetime.now(UTC).isoformat(timespec="milliseconds")
    places = (row.number, row.source, row.drivings, row.output)
    return Record(*places, status, error, tuple(warnings), frames, seconds, model, mark, ended, passing)


def one_line(text: str) -> str:
    """A text without line feeds and other control characters, cut to a thousand."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    return line if len(line) <= 1000 else f"{line[:997]}..."


def _check_suffix(args: ArgumentConfig, plan: Plan) -> None:
    """Refuse an output that the run would give another suffix: nobody would find it under its name.

    Raises:
        InputError: it is no file of a picture or video, or of the wrong one of the two.
    """
    assert plan.outputs is not None
    if plan.outputs.result == Path(args.output or ""):
        return
    suffix = suffix_of(str(args.output))
    if Path(str(args.output)).is_dir():
        raise InputError(f"the output '{args.output}' is a folder: name a file")
    if suffix not in VIDEO_SUFFIXES | PICTURE_SUFFIXES:
        raise InputError(f"the output '{args.output}' must end in a suffix such as .mp4")
    what = "a video" if suffix in PICTURE_SUFFIXES else "a picture"
    raise InputError(
        f"the result is {what}: name the output '{plan.outputs.result.name}', not '{name_of(str(args.output))}'"
    )
