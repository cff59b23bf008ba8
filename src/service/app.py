"""`create_app()`: the service as an ASGI application."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ..config.service_options import ServiceOptions
from . import fact_routes, job_routes, result_routes
from .animator import Animator, WrapperAnimator
from .answers import answer_errors
from .closing import CloseUnread
from .hosts import HostGuard, Hosts
from .intake import largest_upload
from .service import Service

_ABOUT = """Animates a portrait with the motion of a driving video.

Send `source` and `driving` to `POST /animate` and fetch what it names. {limits} One job runs at a time,
{queue} may wait; results are kept for {keep:g} minutes. Files are judged by their content, never by their names."""


def create_app(
    options: ServiceOptions | None = None,
    animate: Animator | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Make the application; its work begins when a server starts it.

    Args:
        options: limits, model and folder; None = the defaults.
        animate: the model; None = the one that the options name.
        clock: seconds that only ever grow: for expiry and the time of jobs.

    Raises:
        LivePortraitError: numbers that make no sense, or a model that is not there.
    """
    options = options or ServiceOptions()
    options.check()
    service = Service(options, animate or WrapperAnimator(options), clock)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(
        redirect_slashes=False,  # a redirect would name whatever host the request names
        title="LivePortrait",
        summary="One portrait and one driving video in; the portrait moves like the driver.",
        description=_ABOUT.format(limits=largest_upload(options), queue=options.max_queue, keep=options.keep_minutes),
        version=fact_routes.project_version(),
        docs_url=None,  # FastAPI's own pages load their scripts from another machine
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_middleware(HostGuard, hosts=Hosts(options.server_name, options.allowed_hosts))
    app.add_middleware(CloseUnread)
    app.state.service = service
    answer_errors(app)
    for routes in (job_routes, result_routes, fact_routes):
        app.include_router(routes.router)
    return app
