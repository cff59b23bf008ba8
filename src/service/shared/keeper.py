"""`Keeper`: the thread that gives signs of life, and looks what other services did."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Thread

from ..problem import cancelled
from .awaited import Awaited
from .records import Progress
from .site import Site
from .worker import SharedWorker

_log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
_OUT_OF_REACH = 30.0  # seconds without the folder after which the service is unwell


class Keeper:
    """Looks after what stands in the shared folder while the worker works.

    Signs of life come from a thread of their own: a look may take long where a store is slow.

    Args:
        site: the service.
        worker: which does its jobs.
        awaited: jobs whose ends are waited for here.
    """

    def __init__(self, site: Site, worker: SharedWorker, awaited: Awaited) -> None:
        self._site, self._worker, self._awaited = site, worker, awaited
        self._told = Progress()
        self._reached_at, self._is_out_of_reach = time.monotonic(), False
        self._stopped = Event()
        self._threads = [
            Thread(target=self._again_and_again, args=step, name="liveportrait-keeper", daemon=True)
            for step in ((self._beat, BEAT_SECONDS), (self._look, site.look_seconds))
        ]

    def start(self) -> None:
        """Give the first sign, then begin.

        Raises:
            OSError: the folder cannot be reached.
        """
        self._site.replicas.beat()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and leave the folder."""
        self._stopped.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self._try(self._site.replicas.leave)

    def is_alive(self) -> bool:
        """Whether the threads are."""
        return all(thread.is_alive() for thread in self._threads)

    def reaches(self) -> bool:
        """Whether the folder can be reached."""
        return time.monotonic() - self._reached_at < _OUT_OF_REACH

    def _again_and_again(self, step: Callable[[], None], seconds: float) -> None:
        while not self._stopped.wait(seconds):
            self._try(step)

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

    def _beat(self) -> None:
        self._site.replicas.beat()
        self._sweep()

    def _look(self) -> None:
        self._watch_current()
        for number in self._awaited.numbers():
            self._look_for_end(number)

    def _watch_current(self) -> None:
        """Tell how far the job at hand is, and stop it if it is over: cancelled, forgotten, or done by another."""
        job = self._worker.current
        if job is None:
            return
        if self._site.ledger.ended(job.id) is not None or not self._site.ledger.knows(job.id):
            self._worker.drop(job.id)
            return
        if job.state != "running":
            return
        status = job.status(None)
        progress = Progress(stage=status.stage, frames_done=status.frames_done, frames_total=status.frames_total)
        if progress != self._told:
            self._told = progress
            self._site.ledger.report(job.id, progress)

    def _look_for_end(self, number: str) -> None:
        end = self._site.ledger.ended(number)
        if end is not None:
            self._awaited.tell(number, end)
        elif not self._site.ledger.knows(number):  # forgotten meanwhile
            self._awaited.refuse(number, cancelled())

    def _sweep(self) -> None:
        """Give back places that nobody holds: of services that are no more, or that could not be given back here."""
        ledger = self._site.ledger
        for number, service in ledger.arriving():
            is_held = ledger.holds(number) if service == self._site.name else self._site.replicas.is_alive(service)
            if not is_held:
                ledger.abandon(number, service)
