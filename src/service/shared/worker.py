"""`SharedWorker`: the thread that takes jobs from a shared folder and does them."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass
from threading import Event, Thread

from ..job import Job
from ..problem import fault
from ..run_job import run_job
from ..schemas import JobStatus
from .awaited import Awaited
from .ledger import result_place
from .records import End, Order
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
        order: what is to be done.
    """

    number: str
    attempt: int
    order: Order


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
        self._woken = Event()
        self._thread = Thread(target=self._work, name="liveportrait-jobs", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There is work."""
        self._woken.set()

    def drop(self, number: str) -> None:
        """Stop a job at its next frame, if it is the one at hand: it has ended otherwise."""
        job = self.current
        if job is not None and job.id == number:
            job.state = "cancelled"

    def stop(self) -> None:
        """Give the job at hand back, and end."""
        self._is_stopping = True
        if (job := self.current) is not None:
            job.state = "cancelled"
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
            except BaseException:  # a fault of ours; the next job must find this thread alive all the same
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
        order = ledger.order(number)
        if order is not None and ledger.ended(number) is None:
            return Task(number, attempt, order)
        if order is None:
            ledger.unlist(number)
        else:
            ledger.tidy(number, order)
        ledger.unclaim(number, attempt)
        return None

    def _do(self, task: Task) -> None:
        try:
            if max(task.attempt, self._faults[task.number]) >= _ATTEMPTS:
                _log.error("job %s is given up: it failed %d times", task.number, _ATTEMPTS)
                self._end(task, self._site.without(JobStatus(id=task.number, state="failed"), fault()))
            else:
                self._animate(task)
        except BaseException:
            self._faults[task.number] += 1
            self._site.ledger.unclaim(task.number, task.attempt)  # another service may be luckier
            raise
        finally:
            self.current = None
            self._site.workspace.remove_upload(task.number)
            self._site.workspace.remove_results(task.number)

    def _animate(self, task: Task) -> None:
        site, begin = self._site, time.monotonic()
        if task.attempt:
            _log.warning("job %s is done again: the service that did it is gone", task.number)
        job = site.ledger.fetch(task.number, task.order, site.workspace)
        if job is None:  # ended at this moment
            site.ledger.unclaim(task.number, task.attempt)
            return
        self.current, job.state = job, "running"
        problem = run_job(job, site.animator, site.workspace, site.options.max_job_minutes * 60)
        if self._is_stopping:
            site.ledger.unclaim(task.number, task.attempt)
        elif problem is not None:
            self._end(task, site.without(job.status(None), problem))
        elif job.state == "running":
            self.last_seconds = time.monotonic() - begin
            self._publish(task, job)

    def _publish(self, task: Task, job: Job) -> None:
        """Let others have the results, if nobody has ended the job meanwhile."""
        job.state = "done"
        files = job.files()
        for name, path in files.items():
            self._site.folder.put(path, result_place(name))
        end = End.done(job.status(None), files, self._site.clock(), self._site.name)
        if not self._end(task, end) and self._was_cancelled(task.number):
            for name in files:
                self._site.folder.remove(result_place(name))

    def _was_cancelled(self, number: str) -> bool:
        """Whether nobody may have the results: a second service that did the same job has the same ones."""
        end = self._site.ledger.ended(number)
        return end is None or not end.files

    def _end(self, task: Task, end: End) -> bool:
        was_first = self._site.ledger.end(task.number, task.order, end)
        if was_first:
            _log.info("job %s: %s", task.number, end.told())
            self._awaited.tell(task.number, end)
        self._faults.pop(task.number, None)
        return was_first
