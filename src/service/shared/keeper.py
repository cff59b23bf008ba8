"""`Keeper`: the thread that gives signs of life, and looks what other services did."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Thread

from ..problem import Problem
from .awaited import Awaited
from .records import Progress
from .site import Site
from .worker import SharedWorker

_log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
_OUT_OF_REACH = 30.0  # seconds without the folder after which the service is unwell


class Keeper:
    """Looks after what stands in the shared folder while the worker works.

    Args:
        site: the service.
        worker: which does its jobs.
        awaited: jobs whose ends are waited for here.
    """

    def __init__(self, site: Site, worker: SharedWorker, awaited: Awaited) -> None:
        self._site, self._worker, self._awaited = site, worker, awaited
        self._told = Progress()
        self._beat_at, self._reached_at = -BEAT_SECONDS, time.monotonic()
        self._is_out_of_reach = False
        self._stopped = Event()
        self._thread = Thread(target=self._work, name="liveportrait-keeper", daemon=True)

    def start(self) -> None:
        """Give the first sign, then begin.

        Raises:
            OSError: the folder cannot be reached.
        """
        self._site.replicas.beat()
        self._thread.start()

    def stop(self) -> None:
        """End, and leave the folder."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def is_alive(self) -> bool:
        """Whether the thread is."""
        return self._thread.is_alive()

    def reaches(self) -> bool:
        """Whether the folder can be reached."""
        return time.monotonic() - self._reached_at < _OUT_OF_REACH

    def _work(self) -> None:
        while not self._stopped.wait(self._site.look_seconds):
            self._try(self._look)
        self._try(self._site.replicas.leave)

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            if not self._is_out_of_reach:
                _log.error("the shared folder: %s", error)
            self._is_out_of_reach = True
        except Exception:  # a fault of ours; without signs of life this service would be taken for dead
            _log.exception("the shared folder could not be looked after")
        else:
            self._is_out_of_reach, self._reached_at = False, time.monotonic()

    def _look(self) -> None:
        if time.monotonic() - self._beat_at >= BEAT_SECONDS:
            self._beat_at = time.monotonic()
            self._site.replicas.beat()
            self._sweep()
        self._watch_current()
        for number in self._awaited.numbers():
            self._look_for_end(number)

    def _watch_current(self) -> None:
        """Tell how far the job at hand is, and stop it if it has ended: cancelled, or done by another service."""
        job = self._worker.current
        if job is None:
            return
        if self._site.ledger.ended(job.id) is not None:
            self._worker.drop(job.id)
            return
        status = job.status(None)
        progress = Progress(stage=status.stage, frames_done=status.frames_done, frames_total=status.frames_total)
        if progress != self._told and status.state == "running":
            self._told = progress
            self._site.ledger.report(job.id, progress)

    def _look_for_end(self, number: str) -> None:
        end = self._site.ledger.ended(number)
        if end is not None:
            self._awaited.tell(number, end)
        elif self._site.ledger.order(number) is None:  # forgotten meanwhile
            self._awaited.refuse(number, Problem(409, "the job was cancelled"))

    def _sweep(self) -> None:
        """Give back the places that services held which are no more."""
        for number, service in self._site.ledger.arriving():
            if not self._site.replicas.is_alive(service):
                self._site.ledger.abandon(number, service)
