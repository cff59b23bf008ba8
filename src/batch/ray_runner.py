"""Rows done by the actors of a Ray cluster, each with a model of its own.

Plain actors rather than those of Ray Data: it hands rows on in blocks, and does a whole block again when an actor dies.
Here every row is recorded as it ends, a worker keeps to its portraits, and a row that kills workers can be given up.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

import cv2
import torch

from ..errors import LivePortraitError
from ..storage.extras import needed
from .given_up import DEATHS, given_up
from .options import RunnerOptions
from .order import leaders_first
from .record import Outcome
from .row import Row
from .turns import Turns
from .worker import Job, Worker, one_line

_log = logging.getLogger(__name__)

_CONNECTING = 5.0  # seconds
_TOKEN = "one that was begun where ~/.ray/auth_token lies wants that token: set RAY_AUTH_MODE=token"
_GRACE = 10.0  # seconds for workers to clean up
_PATIENCE = 60.0  # seconds without room for any worker before that is said


def run_on_ray(job: Job, rows: Sequence[Row], options: RunnerOptions) -> Generator[Outcome, None, None]:
    """Do rows side by side.

    One row of every driver comes first, so that its motion is read once; then each worker takes portrait after
    portrait. A worker that dies is replaced and its row done again; a row that takes three along is given up.

    Args:
        job: what they share; all places must mean the same files on all machines.
        rows: in any order.
        options: the cluster, the number of workers and what is set aside for each.

    Yields:
        What became of each row, as each ends.

    Raises:
        InputError: Ray is not installed.
        LivePortraitError: the cluster cannot be reached, or a worker finds no model or device.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers of every run
    ray = needed("ray", "--runner ray")
    begun = not ray.is_initialized()
    if begun:
        _begin(ray, options)
    crew = _Crew(ray, job, options)
    try:
        usual, late = [row for row in rows if not row.late], [row for row in rows if row.late]
        for some in (*leaders_first(usual), sorted(late, key=lambda row: row.late)):
            yield from crew.work(some)
    finally:
        crew.end()
        if begun:
            ray.shutdown()


def _begin(ray: Any, options: RunnerOptions) -> None:
    quiet: dict[str, Any] = {"logging_level": logging.WARNING, "log_to_driver": False}
    try:
        if options.address is not None:
            _check_answers(options.address)
            context = ray.init(address=options.address, **quiet)
            there = ray.cluster_resources()
            where = context.address_info["gcs_address"]
            _log.info(
                "working in the Ray cluster %s: %g CPUs, %g GPUs", where, there.get("CPU", 0), there.get("GPU", 0)
            )
            return
        cores = max(os.cpu_count() or 1, round(options.actors * options.cpus_per_actor + 0.5))
        ray.init(
            address="local",
            num_cpus=cores,
            include_dashboard=False,
            object_store_memory=100 * 2**20,
            _node_ip_address="127.0.0.1",
            **quiet,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = "a cluster on this machine" if options.address is None else f"the cluster '{options.address}'"
        hint = "" if options.address is None else f"; {_TOKEN}"
        raise LivePortraitError(f"{where} cannot be used: {error}{hint}") from error


def _check_answers(address: str) -> None:
    """Ray itself would try for minutes, without a word.

    Raises:
        LivePortraitError: nothing answers at an address HOST:PORT.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():  # auto, and the like
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECTING).close()
    except (OSError, OverflowError) as error:
        raise LivePortraitError(f"the cluster '{address}' does not answer: {error}") from error


class _Actor:
    """A worker that is made with its first row: an error in that is told, one in a constructor would only be a death.

    Args:
        job: what rows share.
        threads: that it may use: by default each library takes all cores, which all actors of a machine share.
    """

    def __init__(self, job: Job, threads: int) -> None:
        self._job = job
        self._worker: Worker | None = None
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)

    def ready(self) -> None:
        """Return when there is room for this actor in the cluster."""

    def close(self) -> None:
        """End the row at hand, in another thread, without a half file."""
        if self._worker is not None:
            self._worker.close()

    def run(self, row: Row) -> Outcome:
        """Do a row.

        Raises:
            LivePortraitError: the model or the device cannot be used.
        """
        if self._worker is None:
            self._worker = Worker(self._job)
        return self._worker.run(row)


class _Crew:
    """Actors at work. Rows are given to those alone that the cluster has found room for.

    Args:
        ray: the package.
        job: what rows share.
        options: how many actors, and what each takes.
    """

    def __init__(self, ray: Any, job: Job, options: RunnerOptions) -> None:
        self._ray, self._job, self._options = ray, job, options
        needs = {"num_cpus": options.cpus_per_actor, "num_gpus": options.gpus_per_actor}
        self._threads = max(1, round(options.cpus_per_actor))
        self._kind = ray.remote(
            **needs,
            max_concurrency=2,  # one thread works, one hears that it shall end
            runtime_env={"env_vars": {"GOMP_SPINCOUNT": "1000"}},  # as `calm_threads` of the command line
        )(_Actor)
        self._actors: list[Any] = []
        self._idle: list[Any] = []
        self._running: dict[Any, tuple[Any, Row | None]] = {}  # task -> its actor, and its row if it has one
        self._deaths: Counter[int] = Counter()

    def work(self, rows: Sequence[Row]) -> Generator[Outcome, None, None]:
        """Do rows until none is left."""
        turns = Turns(rows)
        while len(self._actors) < min(self._options.actors, len(rows)):
            self._hire()
        while True:
            self._give(turns)
            if not turns.left and not self._at_work:
                return
            ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=_PATIENCE)
            if ready:
                outcome = self._taken(ready[0], turns)
                if outcome is not None:
                    yield outcome
            elif not self._at_work:
                self._tell_of_no_room()

    def end(self) -> None:
        """Stop all actors; those that are at work clean up first."""
        begun = [*self._idle, *(actor for actor, row in self._running.values() if row is not None)]
        with suppress(Exception):  # a cluster that is gone
            ended = [actor.close.remote() for actor in begun]
            if ended:
                self._ray.wait(ended, num_returns=len(ended), timeout=_GRACE)
        for actor in self._actors:
            with suppress(Exception):  # one that is no more, or a cluster that is gone
                self._ray.kill(actor)

    @property
    def _at_work(self) -> bool:
        return any(row is not None for _, row in self._running.values())

    def _hire(self) -> None:
        actor = self._kind.remote(self._job, self._threads)
        self._actors.append(actor)
        self._running[actor.ready.remote()] = (actor, None)

    def _give(self, turns: Turns) -> None:
        """Give every idle actor a row, as long as there are any."""
        while self._idle and turns.left:
            actor = self._idle.pop()
            row = turns.next(actor)
            self._running[actor.run.remote(row)] = (actor, row)

    def _taken(self, task: Any, turns: Turns) -> Outcome | None:
        """What became of a row, if the task was one and anything came of it."""
        actor, row = self._running.pop(task)
        exceptions = self._ray.exceptions
        try:
            outcome: Outcome | None = self._ray.get(task)
        except (exceptions.RayActorError, exceptions.WorkerCrashedError, exceptions.OutOfMemoryError) as error:
            turns.leave(actor)
            self._actors.remove(actor)
            outcome = self._died(row, error, turns)
            self._hire()
            return outcome
        except exceptions.RayTaskError as error:
            if isinstance(error.cause, LivePortraitError):  # without the trace of another machine
                raise error.cause from None
            raise
        if row is None:
            self._deaths.pop(0, None)  # there are workers that begin
        self._idle.append(actor)
        return outcome

    def _died(self, row: Row | None, error: Exception, turns: Turns) -> Outcome | None:
        """Put a row back whose worker died; give it up if it did too often."""
        number = 0 if row is None else row.number
        self._deaths[number] += 1
        lost = self._deaths[number] >= DEATHS
        if row is None:
            if lost:
                raise LivePortraitError(f"workers end before they begin: {one_line(str(error))}") from error
            return None
        if not lost:
            _log.warning("row %d is done again: its worker died (%s)", row.number, type(error).__name__)
            turns.back(row)
            return None
        return given_up(row, self._job, f"its worker died {DEATHS} times ({type(error).__name__})")

    def _tell_of_no_room(self) -> None:
        wanted = {"CPU": self._options.cpus_per_actor, "GPU": self._options.gpus_per_actor}
        there = {name: self._ray.cluster_resources().get(name, 0) for name in wanted}
        _log.warning("no worker could begin yet: each wants %s, the cluster has %s in all", wanted, there)
