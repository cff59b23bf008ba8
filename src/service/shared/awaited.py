"""`Awaited`: jobs that came to this service, whose callers may wait here for their end."""

from __future__ import annotations

from threading import Lock

from ..job import Job
from ..problem import Problem
from .records import End


class Awaited:
    """Jobs by number; all methods may be called from any thread."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._lock = Lock()

    def add(self, job: Job) -> None:
        """From now on somebody may wait."""
        with self._lock:
            self._jobs[job.id] = job

    def numbers(self) -> list[str]:
        """Of the jobs that have not ended, as far as is known here."""
        with self._lock:
            return list(self._jobs)

    def tell(self, number: str, end: End) -> None:
        """A job has ended; the second time nothing."""
        problem = end.problem
        if problem is not None:
            self.refuse(number, problem)
            return
        results = end.results
        job = self._taken(number)
        if job is not None:
            job.finished.set_result(results)

    def refuse(self, number: str, problem: Problem) -> None:
        """Nobody will learn here how a job ends."""
        job = self._taken(number)
        if job is not None:
            job.finished.set_exception(problem)

    def _taken(self, number: str) -> Job | None:
        with self._lock:
            return self._jobs.pop(number, None)
