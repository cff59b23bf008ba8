"""What is written down of a job for other services to read."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..animator import Kind
from ..job import Job
from ..problem import Problem, fault
from ..schemas import ErrorDetail, JobStatus, Results
from ..workspace import Workspace

_log = logging.getLogger(__name__)

_MADE = ("output", "save_motion_template")
_GIVEN = ("source", "driving")


class Order(BaseModel):
    """What is to be done, without any place of the machine that took it.

    Attributes:
        kind: whose portrait it is.
        options: of `execute`, without files.
        given: option -> name of the upload.
        made: option -> suffix of the result.
    """

    kind: Kind
    options: dict[str, Any]
    given: dict[str, str]
    made: dict[str, str]

    @classmethod
    def of(cls, job: Job) -> Order:
        """The order of a job whose files are on this machine."""
        given = {name: Path(job.options[name]).name for name in _GIVEN if name in job.options}
        made = {name: Path(job.options[name]).suffix for name in _MADE if name in job.options}
        options = {name: value for name, value in job.options.items() if name not in given | made}
        return cls(kind=job.kind, options=options, given=given, made=made)

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

    @classmethod
    def read(cls, content: bytes | None) -> Progress:
        """What was written; nothing if that is missing or damaged."""
        with suppress(ValueError):
            return cls() if content is None else cls.model_validate_json(content)
        return cls()


class End(BaseModel):
    """How a job ended.

    Attributes:
        status: as it is told.
        http: status with which one who waits for a job without results is answered.
        files: names of the results.
        at: when, in seconds since 1970.
        until: when it is to be forgotten, of which names can hold six digits.
        by: who wrote this: no two ends are alike.
    """

    status: JobStatus
    http: int | None
    files: list[str]
    at: float
    until: float
    by: str

    @classmethod
    def of(
        cls, status: JobStatus, files: Iterable[str], problem: Problem | None, at: float, keep: float, by: str
    ) -> End:
        """The end of a job.

        Args:
            status: as it is told; of a job without results, as it was before.
            files: names of the results.
            problem: why there are none.
            at: when.
            keep: seconds for which it is kept.
            by: who says so.
        """
        if problem is not None:
            state = "cancelled" if problem.code == "cancelled" else "failed"
            error = ErrorDetail(code=problem.code, message=problem.message)
            status = status.model_copy(update={"state": state, "error": error, "position": None})
        http = None if problem is None else problem.status
        return cls(status=status, http=http, files=list(files), at=at, until=round(at + keep, 6), by=by)

    @classmethod
    def read(cls, content: bytes, number: str) -> End:
        """What was written; if that is damaged, that the job failed."""
        try:
            end = cls.model_validate_json(content)
            if end.status.state == "done" and end.status.result is None:
                raise ValueError("without results")
        except ValueError:
            _log.exception("what is written of the end of job %s is damaged", number)
            return cls.of(JobStatus(id=number, state="failed"), [], fault(), 0.0, 4e9, "nobody")
        return end

    @property
    def problem(self) -> Problem | None:
        """Why there are no results."""
        if self.status.error is None or self.http is None:
            return None
        return Problem(self.http, self.status.error.message, code=self.status.error.code)

    @property
    def results(self) -> Results:
        """Of a job that is done."""
        assert self.status.result is not None, "asked of jobs that are done, and checked when it was read"
        return self.status.result

    def told(self) -> str:
        """In a few words, for the log."""
        error = self.status.error
        return self.status.state if error is None else f"{self.status.state} ({error.message})"
