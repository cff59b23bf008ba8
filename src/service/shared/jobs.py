"""`SharedJobs`: one queue of several services, in a folder that they share."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Lock

from ...config.service_options import ServiceOptions
from ...errors import InputError
from ...storage.shared_folder import SharedFolder, check_shared
from ..animator import Animator
from ..job import Job
from ..problem import Problem, cancelled, no_job, no_result, queue_full, stopping
from ..room import check_room, is_full, no_room
from ..schemas import JobStatus
from ..workspace import Workspace
from .awaited import Awaited
from .keeper import Keeper
from .kept_results import KeptResults
from .ledger import number_of
from .records import End
from .site import Site
from .worker import SharedWorker

_log = logging.getLogger(__name__)

_STOP_SECONDS = 20.0  # for a run to notice that it is not wanted


class SharedJobs:
    """Does what `Jobs` does, where several services work on one queue and any of them answers for all.

    A job is done by the service that is free first. One that dies is noticed by the signs that it no longer gives, and
    its job is done by another; one that stops gives its job back.

    Args:
        animator: the model.
        workspace: where files of this machine are.
        options: how many may wait, and how long results are kept.
        folder: which is shared.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        animator: Animator,
        workspace: Workspace,
        options: ServiceOptions,
        folder: SharedFolder,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._site = Site(animator, workspace, options, folder, clock)
        self._ledger = self._site.ledger
        self._kept, self._awaited = KeptResults(folder, workspace), Awaited()
        self._worker = SharedWorker(self._site, self._awaited)
        self._keeper = Keeper(self._site, self._worker, self._awaited)
        self._taking, self._changed = Lock(), Condition()
        self._half_queued, self._is_stopping = 0, False

    def check(self) -> None:
        """Make sure that the folder can be used.

        Raises:
            InputError: it cannot.
        """
        check_shared(self._site.folder)

    def start(self) -> None:
        """Begin to work.

        Raises:
            InputError: the folder cannot be used.
        """
        try:
            self._keeper.start()
        except OSError as error:
            folder = self._site.folder.place
            raise InputError(f"the shared folder '{folder}' cannot be used: {error.strerror or error}") from error
        self._worker.start()

    def reserve(self, number: str) -> None:
        """Take a place for a job whose files are still arriving; `submit` or `release` gives it back.

        Services that are asked at the same moment may each give away the last place.

        Args:
            number: of the job.

        Raises:
            Problem: 429 if there is none, 503 if the service stops or cannot reach the folder.
        """
        if self._is_stopping:
            raise stopping()
        with _reaching(), self._taking:
            self._check_room()
            services = self._site.replicas.alive()
            held = len(self._ledger.arriving()) + len(self._ledger.open())
            if held >= self._site.options.max_queue + services:
                raise queue_full(self._worker.last_seconds * ((held - services) / services + 1))
            self._ledger.arrive(number)

    def release(self, number: str) -> None:
        """Give a place back, if there is one."""
        with suppress(OSError):  # the folder cannot be reached: the keeper tries again
            self._ledger.leave(number)

    def submit(self, job: Job) -> None:
        """Queue a job in the place that was reserved for it.

        Raises:
            Problem: 503 if the service stops or cannot reach the folder.
        """
        with self._submitting():
            self._ledger.submit(job)
        self._awaited.add(job)
        self._site.workspace.remove_upload(job.id)
        self._worker.wake()

    def status(self, number: str) -> JobStatus:
        """How far a job is, whichever service does it.

        Raises:
            Problem: 404, 503.
        """
        with _reaching():
            end = self._ended(number)
            if end is not None:
                return end.status
            if not self._ledger.knows(number):
                raise no_job()
            return self._unfinished(number)

    def cancel(self, number: str) -> JobStatus | None:
        """Stop a job, or forget a finished one and remove its results.

        Returns:
            The job, which is cancelled now; None if it was forgotten.

        Raises:
            Problem: 404, 503.
        """
        with _reaching():
            end = self._ended(number)
            if end is None:
                status = self._cancelled(number)
                if status is not None:
                    return status
            self._ledger.forget(number)
        return None

    def file(self, name: str) -> Path:
        """The file of a result.

        Raises:
            Problem: 404, 503.
        """
        with _reaching():
            end = self._ended(number_of(name) or "")
            path = self._kept.file(name, end.at) if end is not None and name in end.files else None
        if path is None:
            raise no_result()
        return path

    def ills(self) -> list[str]:
        """What keeps jobs from being done; empty if all is well."""
        found = [] if self._worker.is_alive() and self._keeper.is_alive() else ["a thread that works has ended"]
        return found if self._keeper.reaches() else [*found, "the shared folder cannot be reached"]

    def busy(self) -> tuple[int, bool]:
        """How many jobs wait, and whether any runs."""
        with _reaching():
            claimed = self._ledger.claims()
            is_claimed = [number in claimed for number in self._ledger.open()]
        return is_claimed.count(False), any(is_claimed)

    def expire(self) -> None:
        """Forget what has been kept long enough."""
        with suppress(OSError):  # told by the keeper
            over, now = self._ledger.over(), self._site.clock()
            for until, number in over:
                if until <= now:
                    self._ledger.forget(number)
            self._kept.keep_only({number for until, number in over if until > now})

    def stop(self) -> None:
        """End the work here: the job at hand goes back to the queue, and who waits for one here is told."""
        with self._changed:
            if self._is_stopping:
                return
            self._is_stopping = True
        self._worker.stop()
        for number in self._awaited.numbers():
            self._awaited.refuse(number, stopping())
        self._worker.join(_STOP_SECONDS)
        with self._changed:  # a job that is half queued when this service leaves would be taken for abandoned
            self._changed.wait_for(lambda: not self._half_queued, _STOP_SECONDS)
        for number in self._awaited.numbers():
            self._awaited.refuse(number, stopping())
        self._keeper.stop()
        self._kept.keep_only(())

    @contextmanager
    def _submitting(self) -> Iterator[None]:
        """Keep the end of the service waiting."""
        with self._changed:
            if self._is_stopping:
                raise stopping()
            self._half_queued += 1
        try:
            with _reaching():
                yield
        finally:
            with self._changed:
                self._half_queued -= 1
                self._changed.notify_all()

    def _check_room(self) -> None:
        """Where the folder is on a disk, that must have room for uploads, too."""
        root = self._site.folder.path("")
        if root is not None and root.exists():
            check_room(root, self._site.options.reserved_bytes)

    def _cancelled(self, number: str) -> JobStatus | None:
        """Cancel a job; None if it has ended meanwhile."""
        if not self._ledger.knows(number):
            raise no_job()
        end = self._site.end(self._unfinished(number), problem=cancelled())
        if not self._ledger.end(number, end):
            return None
        self._worker.drop(number)
        self._awaited.tell(number, end)
        return end.status

    def _ended(self, number: str) -> End | None:
        """How a job ended.

        Raises:
            Problem: 404: it is kept no longer.
        """
        end = self._ledger.ended(number)
        if end is not None and end.until <= self._site.clock():
            raise no_job()
        return end

    def _unfinished(self, number: str) -> JobStatus:
        claimed = self._ledger.claims()
        if number in claimed:
            return JobStatus(id=number, state="running", **self._ledger.progress(number).model_dump())
        waiting = [one for one in self._ledger.open() if one not in claimed]
        position = waiting.index(number) + 1 if number in waiting else None
        return JobStatus(id=number, state="queued", position=position)


@contextmanager
def _reaching() -> Iterator[None]:
    """Turn errors of the shared folder into an answer."""
    try:
        yield
    except OSError as error:
        _log.error("the shared folder: %s", error)
        if is_full(error):
            raise no_room() from error
        raise Problem(503, "the service cannot reach its folder", code="no_folder") from error
