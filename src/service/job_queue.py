"""`JobQueue`: what requests ask of the jobs, whether one process does them or several share them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from .job import Job
from .schemas import JobStatus


class JobQueue(Protocol):
    """Jobs from their arrival to the end of their results. Methods may be called from any thread, and take time."""

    def check(self) -> None:
        """Make sure that the work can begin.

        Raises:
            InputError: a folder cannot be used.
        """
        ...

    def start(self) -> None:
        """Begin to work."""
        ...

    def reserve(self, number: str) -> None:
        """Take a place for a job whose files are still arriving; `submit` or `release` gives it back.

        Args:
            number: of the job.

        Raises:
            Problem: 429 if there is none, 503 if the service stops.
        """
        ...

    def release(self, number: str) -> None:
        """Give a place back, if there is one."""
        ...

    def submit(self, job: Job) -> None:
        """Queue a job in the place that was reserved for it.

        Raises:
            Problem: 503 if the service stops.
        """
        ...

    def status(self, number: str) -> JobStatus:
        """How far a job is.

        Raises:
            Problem: 404.
        """
        ...

    def cancel(self, number: str) -> JobStatus | None:
        """Stop a job, or forget a finished one and remove its results.

        Returns:
            The job, which is cancelled now; None if it was forgotten.

        Raises:
            Problem: 404.
        """
        ...

    def file(self, name: str) -> Path:
        """The file of a result.

        Raises:
            Problem: 404.
        """
        ...

    def ills(self) -> list[str]:
        """What keeps jobs from being done; empty if all is well."""
        ...

    def busy(self) -> tuple[int, bool]:
        """How many jobs wait, and whether any runs."""
        ...

    def expire(self) -> None:
        """Forget what has been kept long enough."""
        ...

    def stop(self) -> None:
        """End the work here; what has been waiting for a job is told."""
        ...
