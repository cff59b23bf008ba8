"""What is written down of a job for other services to read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..animator import Kind
from ..job import Job
from ..problem import Problem
from ..schemas import ErrorDetail, JobStatus, Results
from ..workspace import Workspace

_MADE = ("output", "save_motion_template")
_GIVEN = ("source", "driving")


class Order(BaseModel):
    """What is to be done, without any place of the machine that took it.

    Attributes:
        marker: the name under which the job waits; names are in the order of arrival.
        kind: whose portrait it is.
        options: of `execute`, without files.
        given: option -> name of the upload.
        made: option -> suffix of the result.
    """

    marker: str
    kind: Kind
    options: dict[str, Any]
    given: dict[str, str]
    made: dict[str, str]

    @classmethod
    def of(cls, job: Job, marker: str) -> Order:
        """The order of a job whose files are on this machine."""
        given = {name: Path(job.options[name]).name for name in _GIVEN if name in job.options}
        made = {name: Path(job.options[name]).suffix for name in _MADE if name in job.options}
        options = {name: value for name, value in job.options.items() if name not in given | made}
        return cls(marker=marker, kind=job.kind, options=options, given=given, made=made)

    def job(self, number: str, workspace: Workspace, folder: Path) -> Job:
        """The job, with files of this machine.

        Args:
            number: of the job.
            workspace: of this machine.
            folder: in it, where the uploads are.
        """
        options = {name: tuple(value) if isinstance(value, list) else value for name, value in self.options.items()}
        options |= {name: str(folder / file) for name, file in self.given.items()}
        options |= {name: str(workspace.result(number, suffix)) for name, suffix in self.made.items()}
        return Job(number, self.kind, options, folder)


class Progress(BaseModel):
    """How far a running job is."""

    stage: str | None = None
    frames_done: int = 0
    frames_total: int | None = None


class End(BaseModel):
    """How a job ended.

    Attributes:
        status: as it is told.
        http: status with which one who waits for a job without results is answered.
        files: names of the results.
        at: when, in seconds since 1970, of which names can hold six digits.
        by: who wrote this: no two ends are alike.
    """

    status: JobStatus
    http: int | None
    files: list[str]
    at: float
    by: str

    @classmethod
    def done(cls, status: JobStatus, files: Mapping[str, Path], at: float, by: str) -> End:
        """That of a job with results."""
        return cls(status=status, http=None, files=list(files), at=round(at, 6), by=by)

    @classmethod
    def without(cls, status: JobStatus, problem: Problem, at: float, by: str) -> End:
        """That of a job that failed or was cancelled."""
        state = "cancelled" if problem.code == "cancelled" else "failed"
        error = ErrorDetail(code=problem.code, message=problem.message)
        told = status.model_copy(update={"state": state, "error": error, "position": None})
        return cls(status=told, http=problem.status, files=[], at=round(at, 6), by=by)

    @property
    def problem(self) -> Problem | None:
        """Why there are no results."""
        if self.status.error is None or self.http is None:
            return None
        return Problem(self.http, self.status.error.message, code=self.status.error.code)

    @property
    def results(self) -> Results:
        """Of a job that is done."""
        assert self.status.result is not None, "asked of jobs that are done"
        return self.status.result

    def told(self) -> str:
        """In a few words, for the log."""
        error = self.status.error
        return self.status.state if error is None else f"{self.status.state} ({error.message})"
