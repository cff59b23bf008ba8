"""`Job`: one piece of work for the model, from the queue to its results."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Cancelled
from ..pipeline.result import AnimationResult
from .animator import Kind
from .problem import Problem
from .schemas import ErrorDetail, JobStatus, Results, State


class TooLong(Cancelled):
    """The job has taken all the time that one may."""


def new_number() -> str:
    """A number that nobody guesses: whoever knows it may fetch the results."""
    return secrets.token_hex(16)


def _open_future() -> Future[Results]:
    future: Future[Results] = Future()
    future.set_running_or_notify_cancel()  # one who waits for it cannot cancel it
    return future


@dataclass(eq=False)
class Job:
    """One piece of work.

    Attributes:
        id: its number.
        kind: whose portrait it is.
        options: of `execute`, files included.
        uploads: folder of its files.
        state: where it stands; changed by `Jobs` alone.
        result: of a job that is done.
        problem: of one that failed or was stopped.
        finished: the results when it is done, the problem when it failed or was cancelled.
        finished_at: when that was, by the clock of `Jobs`.
    """

    id: str
    kind: Kind
    options: Mapping[str, Any]
    uploads: Path
    state: State = "queued"
    result: AnimationResult | None = None
    problem: Problem | None = None
    finished: Future[Results] = field(default_factory=_open_future)
    finished_at: float | None = None
    _progress: tuple[str | None, int, int | None] = (None, 0, None)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in ("queued", "running")

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Keep how far the work is; called by the model.

        Raises:
            Cancelled: the job is no longer wanted.
        """
        if self.is_over:
            raise Cancelled("the job was cancelled")
        self._progress = (stage, done, total)

    def files(self) -> dict[str, Path]:
        """The results that can be fetched: name -> file."""
        if self.state != "done" or self.result is None:
            return {}
        made = (self.result, self.result.concat, self.result.gif, self.result.template)
        return {Path(path).name: Path(path) for path in made if path is not None}

    def status(self, position: int | None) -> JobStatus:
        """What a caller is told.

        Args:
            position: place in the queue.
        """
        stage, done, total = self._progress
        problem = self.problem
        return JobStatus(
            id=self.id,
            state=self.state,
            position=position,
            stage=stage,
            frames_done=done,
            frames_total=total,
            result=self.results() if self.state == "done" else None,
            error=None if problem is None else ErrorDetail(code=problem.code, message=problem.message),
        )

    def results(self) -> Results:
        """The URLs and facts of a job that is done."""
        result = self.result
        assert result is not None and result.report is not None, "the job is done"
        main, is_template = Path(result), result.template is not None
        is_image = not is_template and result.fps is None
        return Results(
            id=self.id,
            video_url=None if is_image or is_template else _url(main),
            image_url=_url(main) if is_image else None,
            concat_url=_url(result.concat),
            gif_url=_url(result.gif),
            template_url=_url(result.template),
            n_frames=result.n_frames,
            fps=None if result.fps is None else float(result.fps),
            seconds=result.report.seconds,
            model=result.report.model,
        )


def _url(path: str | Path | None) -> str | None:
    return None if path is None else f"/results/{Path(path).name}"
