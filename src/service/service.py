"""`Service`: what all requests share, made once per application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from fastapi import Request

from ..config.service_options import ServiceOptions
from .animator import Animator
from .fields import animate_form, template_form
from .jobs import Jobs
from .workspace import Workspace

_CHECKS_AT_ONCE = 2  # each may hold a decoded picture
_CLEAN_SECONDS = 10.0


class Service:
    """The model, its queue and the folder, from start to stop.

    Args:
        options: of the service.
        animator: the model.
        clock: seconds that only ever grow: for expiry.

    Raises:
        InputError: numbers that make no sense.
    """

    def __init__(
        self, options: ServiceOptions, animator: Animator, clock: Callable[[], float] = time.monotonic
    ) -> None:
        options.check()
        self.options, self.animator = options, animator
        self.workspace = Workspace(options.folder)
        self.jobs = Jobs(animator, self.workspace, options, clock)
        self.animate_form, self.template_form = animate_form(), template_form()
        self.checks = asyncio.Semaphore(_CHECKS_AT_ONCE)
        self._cleaning: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to work; in the event loop.

        Raises:
            InputError: the folder cannot be used.
        """
        self.workspace.open()
        self.jobs.start()
        self._cleaning = asyncio.create_task(self._clean())

    async def cancel_jobs(self) -> None:
        """Cancel everything, so that nobody waits for an answer any longer."""
        await asyncio.to_thread(self.jobs.stop)

    async def stop(self) -> None:
        """Cancel everything and remove the files."""
        if self._cleaning is not None:
            self._cleaning.cancel()
            with suppress(asyncio.CancelledError):
                await self._cleaning
        await self.cancel_jobs()
        await asyncio.to_thread(self.workspace.close)

    async def _clean(self) -> None:
        while True:
            await asyncio.sleep(_CLEAN_SECONDS)
            await asyncio.to_thread(self.jobs.expire)


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    service: Service = request.app.state.service
    return service
