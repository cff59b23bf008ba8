"""`SharedWorker`: the thread that takes jobs from a shared folder and does them."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass
from threading import Event, Lock, Thread

from ..job import Job
from ..problem import fault
from ..run_job import run_job
from ..schemas import JobStatus
from .awaited import Awaited
from .ledger import result_place
from .records import End
from .site import Site

_log = logging.getLogger(__name__)

_PAUSE_SECONDS = 5.0  # after the folder could not be reached
_ATTEMPTS = 3  # services that a job may take along, and faults of the folder here, before it is given up


@dataclass(frozen=True, eq=False)
class Task:
    """A job that this service has claimed.

    Attributes:
        number: of the job.
        attempt: number of the claim.
    """

    number: str
    attempt: int


class SharedWorker:
    """Takes the oldest job that nobody does, or whose service has died, again and again.

    Args:
        site: the service.
        awaited: is told how jobs end.

    Attributes:
        current: what is done now.
        last_seconds: that the last job took.
    """

    def __init__(self, site: Site, awaited: Awaited) -> None:
        self._site, self._awaited = site, awaited
        self.current: Job | None = None
        self.last_seconds = 10.0  # a guess at first
        self._faults: Counter[str] = Counter()
        self._is_stopping = False
        self._deciding = Lock()  # whether the job at hand is given up
        self._woken = Event()
        self._thread = Thread(target=self._work, name="liveportrait-jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is work."""
        self._woken.set()

    def drop(self, number: str) -> None:
        """Stop a job at its next frame, if it is the one at hand: it has ended otherwise, or was forgotten."""
        with self._deciding:
            if self.current is not None and self.current.id == number:
                _give_up(self.current)

    def stop(self) -> None:
        """Give the job at hand back, and end; one whose results are being written comes to its end."""
        with self._deciding:
            self._is_stopping = True
            if self.current is not None:
                _give_up(self.current)
        self.wake()

    def join(self, seconds: float) -> None:
        """Wait for the end."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def is_alive(self) -> bool:
        """Whether jobs are taken up."""
        return self._thread.is_alive()

    def _work(self) -> None:
        while not self._is_stopping:
            try:
                if not self._do_one():
                    self._wait(self._site.look_seconds)
            except OSError as error:
                _log.error("the shared folder: %s", error)
                self._wait(_PAUSE_SECONDS)
            except BaseException:  # a fault of ours; the next look must find this thread alive all the same
                _log.exception("a job could not be ended")
                self._wait(_PAUSE_SECONDS)

    def _wait(self, seconds: float) -> None:
        self._woken.wait(seconds)
        self._woken.clear()

    def _do_one(self) -> bool:
        """Do a job, or end one that cannot be done; False if there is none."""
        claimed = self._site.ledger.claims()
        for number in self._site.ledger.open():
            if self._is_stopping:
                return False
            attempt = self._next_attempt(number, claimed)
            task = None if attempt is None else self._claimed(number, attempt)
            if task is not None:
                self._do(task)
                return True
        return False

    def _next_attempt(self, number: str, claimed: dict[str, int]) -> int | None:
        """The number of the next claim to a job; None if somebody does it."""
        if number not in claimed:
            return 0
        claimant = self._site.ledger.claimant(number, claimed[number])
        # Asked when this service does nothing: a claim of its own is one that it could not give back.
        is_free = claimant == self._site.name or not (claimant is None or self._site.replicas.is_alive(claimant))
        return claimed[number] + 1 if is_free else None

    def _claimed(self, number: str, attempt: int) -> Task | None:
        """A job that is this service's now; None if somebody else was faster, or it has ended meanwhile."""
        ledger = self._site.ledger
        if not ledger.claim(number, attempt):
            return None
        if not ledger.knows(number):
            ledger.unlist(number)
        elif ledger.ended(number) is not None:
            ledger.tidy(number)
        else:
            return Task(number, attempt)
        ledger.unclaim(number, attempt)
        return None

    def _do(self, task: Task) -> None:
        try:
            self._animate(task)
        except BaseException:
            self._faults[task.number] += 1
            self._site.ledger.unclaim(task.number, task.attempt)  # another service may be luckier
            raise
        finally:
            with self._deciding:
                self.current = None
            self._site.workspace.remove_upload(task.number)
            self._site.workspace.remove_results(task.number)

    def _animate(self, task: Task) -> None:
        site, begin = self._site, time.monotonic()
        job = self._fetched(task)
        if job is None:
            self._end(task, site.end(JobStatus(id=task.number, state="failed"), problem=fault()))
            return
        with self._deciding:
            self.current, job.state = job, "running"
            if self._is_stopping:
                _give_up(job)
        problem = run_job(job, site.animator, site.workspace, site.options.max_job_minutes * 60)
        with self._deciding:
            was_given_up = job.is_over
            job.state = "failed" if problem is not None else "done"  # from here on nobody gives it up
        if was_given_up:
            site.ledger.unclaim(task.number, task.attempt)
        elif problem is not None:
            self._end(task, site.end(job.status(None), problem=problem))
        else:
            self.last_seconds = time.monotonic() - begin
            self._publish(task, job)

    def _fetched(self, task: Task) -> Job | None:
        """The job with its files; None if it cannot be done."""
        if max(task.attempt, self._faults[task.number]) >= _ATTEMPTS:
            _log.error("job %s is given up: it failed %d times", task.number, _ATTEMPTS)
            return None
        if task.attempt:
            _log.warning("job %s is done again: the service that did it is gone", task.number)
        try:
            order = self._site.ledger.order(task.number)
            job = None if order is None else self._site.ledger.fetch(task.number, order, self._site.workspace)
        except ValueError:
            _log.exception("what is written of job %s is damaged", task.number)
            return None
        if job is None:
            _log.error("job %s cannot be done: its files are gone", task.number)
        return job

    def _publish(self, task: Task, job: Job) -> None:
        """Let others have the results, if nobody has ended the job meanwhile."""
        files, status = job.files(), job.status(None)
        for name, path in files.items():
            self._site.folder.put(path, result_place(name))
        if not self._end(task, self._site.end(status, files)) and self._is_unwanted(task.number):
            for name in files:
                self._site.folder.remove(result_place(name))

    def _is_unwanted(self, number: str) -> bool:
        """Whether nobody may have the results: a second service that did the same job has the same ones."""
        end = self._site.ledger.ended(number)
        return end is None or not end.files

    def _end(self, task: Task, end: End) -> bool:
        was_first = self._site.ledger.end(task.number, end)
        if was_first:
            _log.info("job %s: %s", task.number, end.told())
            self._awaited.tell(task.number, end)
        else:
            self._site.ledger.unclaim(task.number, task.attempt)
        self._faults.pop(task.number, None)
        return was_first


def _give_up(job: Job) -> None:
    """Let a run end at its next frame, if it is one."""
    if job.state in ("queued", "running"):
        job.state = "cancelled"
