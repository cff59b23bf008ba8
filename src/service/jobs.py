"""`Jobs`: the queue in front of the model, the thread behind it, and what is kept of finished work."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Thread

from ..config.service_options import ServiceOptions
from .animator import Animator
from .job import Job
from .problem import Problem, cancelled, fault, no_job, no_result, queue_full, stopping
from .run_job import run_job
from .schemas import JobStatus, State
from .workspace import Workspace

_log = logging.getLogger(__name__)

_STOP_SECONDS = 20.0  # for a run to notice that it is not wanted


class Jobs:
    """Runs one job at a time, in the order in which they came. All methods may be called from any thread.

    Args:
        animator: the model.
        workspace: where files are.
        options: how many may wait, and how long results are kept.
        clock: seconds that only ever grow.
    """

    def __init__(
        self,
        animator: Animator,
        workspace: Workspace,
        options: ServiceOptions,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._animator, self._workspace, self._clock = animator, workspace, clock
        self._places = options.max_queue + 1  # one runs
        self._keep, self._longest = options.keep_minutes * 60, options.max_job_minutes * 60
        self._jobs: dict[str, Job] = {}
        self._made: dict[str, tuple[Job, Path]] = {}  # name of a result -> where it is
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._arriving: set[str] = set()
        self._is_stopping = False
        self._last_seconds = 10.0  # of a job; a guess at first
        self._changed = Condition()
        self._worker = Thread(target=self._work, name="liveportrait-jobs", daemon=True)

    def check(self) -> None:
        """All that is needed is there."""

    def start(self) -> None:
        """Begin to work."""
        self._worker.start()

    def reserve(self, number: str) -> None:
        """Take a place for a job whose files are still arriving; `submit` or `release` gives it back.

        Args:
            number: of the job.

        Raises:
            Problem: 429 if there is none, 503 if the service stops.
        """
        with self._changed:
            if self._is_stopping:
                raise stopping()
            if len(self._arriving) + len(self._waiting) + (self._running is not None) >= self._places:
                raise queue_full(self._last_seconds * (len(self._waiting) + 1))
            self._arriving.add(number)

    def release(self, number: str) -> None:
        """Give a place back."""
        with self._changed:
            self._arriving.discard(number)

    def submit(self, job: Job) -> None:
        """Queue a job in the place that was reserved for it.

        Raises:
            Problem: 503 if the service stops.
        """
        with self._changed:
            if self._is_stopping:
                raise stopping()
            self._arriving.discard(job.id)
            self._jobs[job.id] = job
            self._waiting.append(job)
            self._changed.notify()

    def status(self, number: str) -> JobStatus:
        """How far a job is.

        Raises:
            Problem: 404.
        """
        with self._changed:
            job = self._found(number)
            return job.status(self._waiting.index(job) + 1 if job in self._waiting else None)

    def cancel(self, number: str) -> JobStatus | None:
        """Stop a job, or forget a finished one and remove its results; touches the disk.

        Returns:
            The job, which is cancelled now; None if it was forgotten.

        Raises:
            Problem: 404.
        """
        with self._changed:
            job = self._found(number)
            if is_over := job.is_over:
                self._forget(job)
            else:
                self._cancel(job, cancelled())
            is_running = job is self._running
        if is_over:
            self._workspace.remove_results(job.id)
            return None
        if not is_running:
            self._workspace.remove_upload(job.id)
        return job.status(None)

    def file(self, name: str) -> Path:
        """The file of a result.

        Raises:
            Problem: 404.
        """
        with self._changed:
            job, path = self._made.get(name, (None, None))
            if job is None or path is None or self._is_expired(job):
                raise no_result()
            return path

    def ills(self) -> list[str]:
        """What keeps jobs from being done; empty if all is well."""
        return [] if self._worker.is_alive() else ["the thread that works has ended"]

    def busy(self) -> tuple[int, bool]:
        """How many jobs wait, and whether one runs."""
        with self._changed:
            return len(self._waiting), self._running is not None

    def expire(self) -> None:
        """Forget what has been kept long enough."""
        with self._changed:
            expired = [job for job in self._jobs.values() if self._is_expired(job)]
            for job in expired:
                self._forget(job)
        for job in expired:  # without the lock: a disk may be slow
            self._workspace.remove_results(job.id)

    def stop(self) -> None:
        """Cancel everything and wait for the thread; what has been waiting for a job is told."""
        with self._changed:
            self._is_stopping = True
            waiting = list(self._waiting)
            for job in [job for job in self._jobs.values() if not job.is_over]:
                self._cancel(job, stopping())
            self._changed.notify()
        for job in waiting:
            self._workspace.remove_upload(job.id)
        if self._worker.is_alive():
            self._worker.join(_STOP_SECONDS)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._run(job)
            except BaseException:  # a fault of ours; the next job must find this thread alive all the same
                _log.exception("job %s could not be ended", job.id)
                with self._changed:
                    self._running = None
                    self._end(job, "failed", fault())

    def _next(self) -> Job | None:
        """The next job, which runs from now on; None when the service stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_stopping)
            if self._is_stopping:
                return None
            job = self._waiting.popleft()
            job.state, self._running = "running", job
            return job

    def _run(self, job: Job) -> None:
        begin = self._clock()
        problem = run_job(job, self._animator, self._workspace, self._longest, self._clock)
        with self._changed:
            self._running = None
            if problem is None:
                self._last_seconds = self._clock() - begin
            was_wanted = self._end(job, "done" if problem is None else "failed", problem)
        if not was_wanted:  # what it made all the same is not kept
            self._workspace.remove_results(job.id)

    def _cancel(self, job: Job, problem: Problem) -> None:
        """Cancel a job that is not over; a running one notices at its next frame, and its files are removed then."""
        if job in self._waiting:
            self._waiting.remove(job)
        self._end(job, "cancelled", problem)

    def _end(self, job: Job, state: State, problem: Problem | None) -> bool:
        """Let a job end; False if it was cancelled in the meantime."""
        if job.is_over:
            return False
        results = job.results() if problem is None else None  # first: it may fail, and the job must end all the same
        job.state, job.problem, job.finished_at = state, problem, self._clock()
        self._made |= {name: (job, path) for name, path in job.files().items()}
        _log.info("job %s: %s%s", job.id, state, "" if problem is None else f" ({problem.message})")
        if results is not None:
            job.finished.set_result(results)
        else:
            job.finished.set_exception(problem)
        return True

    def _found(self, number: str) -> Job:
        job = self._jobs.get(number)
        if job is None or self._is_expired(job):
            raise no_job()
        return job

    def _is_expired(self, job: Job) -> bool:
        return job.finished_at is not None and self._clock() >= job.finished_at + self._keep

    def _forget(self, job: Job) -> None:
        """No longer know a job; its files are removed by the caller, without the lock."""
        del self._jobs[job.id]
        for name in job.files():
            self._made.pop(name, None)
