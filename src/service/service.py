"""`Service`: what all requests share, made once per application."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from ..config.service_options import ServiceOptions
from ..storage.shared_folder import open_shared
from .animator import Animator
from .fields import animate_form, template_form
from .job_queue import JobQueue
from .jobs import Jobs
from .problem import stopping
from .shared.jobs import SharedJobs
from .workspace import Workspace

_log = logging.getLogger(__name__)

_CHECKS_AT_ONCE = 2  # each may hold a decoded picture
_CLEAN_SECONDS = 10.0

T = TypeVar("T")


class Service:
    """The model, its queue and the folder, from start to stop.

    Args:
        options: of the service.
        animator: the model.
        clock: seconds that only ever grow: for expiry and the time of jobs.
    """

    def __init__(
        self, options: ServiceOptions, animator: Animator, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.options, self.animator = options, animator
        self.workspace = Workspace(options.folder)
        self.jobs = self._queue(clock)
        self.animate_form, self.template_form = animate_form(), template_form()
        self.checks = asyncio.Semaphore(_CHECKS_AT_ONCE)
        self._stopping = asyncio.Event()
        self._cleaning: asyncio.Task[None] | None = None

    def _queue(self, clock: Callable[[], float]) -> JobQueue:
        if self.options.shared_folder is None:
            return Jobs(self.animator, self.workspace, self.options, clock)
        folder = open_shared(self.options.shared_folder)
        return SharedJobs(self.animator, self.workspace, self.options, folder)

    def open(self) -> None:
        """Make the folders.

        Raises:
            InputError: one of them cannot be used.
        """
        self.jobs.check()
        self.workspace.open()

    def start(self) -> None:
        """Begin to work; in the event loop.

        Raises:
            InputError: the folder cannot be used.
        """
        self.workspace.open()
        self.jobs.start()
        self._cleaning = asyncio.create_task(self._clean())

    async def until_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work of a request; the end of the service does not wait for it.

        Raises:
            Problem: 503 if the service stops first.
        """
        task, end = asyncio.create_task(work), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise stopping()
            return task.result()
        finally:
            task.cancel()
            end.cancel()

    async def ills(self) -> list[str]:
        """What keeps the service from working; empty if it is well."""
        found = await asyncio.to_thread(self.jobs.ills)
        if not await asyncio.to_thread(self.workspace.is_there):
            found.append("the folder is gone or cannot be written to")
        return found

    async def cancel_jobs(self) -> None:
        """Cancel everything, so that nobody waits for an answer any longer."""
        self._stopping.set()
        await asyncio.to_thread(self.jobs.stop)

    async def stop(self) -> None:
        """Cancel everything and remove the files."""
        try:
            if self._cleaning is not None:
                self._cleaning.cancel()
                with suppress(asyncio.CancelledError):
                    await self._cleaning
        finally:
            await self.cancel_jobs()
            await asyncio.to_thread(self.workspace.close)

    async def _clean(self) -> None:
        while True:
            await asyncio.sleep(_CLEAN_SECONDS)
            try:
                await asyncio.to_thread(self.jobs.expire)
            except Exception:  # a fault of ours; later ones must find this task alive all the same
                _log.exception("what has been kept long enough could not be removed")


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    service: Service = request.app.state.service
    return service


Here = Annotated[Service, Depends(service_of)]
