"""Waiting for a job while watching whether anybody still waits for the answer."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import Request

from .job import Job
from .schemas import Results
from .service import Service


async def results_of(job: Job, request: Request, service: Service) -> Results:
    """The results of a job, when it is done; a client that goes away takes its job along.

    Args:
        job: which is queued.
        request: of the client; its body has been read.
        service: which runs the job.

    Raises:
        Problem: the job failed or was cancelled.
    """
    done = asyncio.wrap_future(job.finished)
    done.add_done_callback(_taken_note_of)
    gone = asyncio.create_task(_disconnected(request))
    try:
        either: list[asyncio.Future[Any]] = [done, gone]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not done.done():
            await asyncio.shield(asyncio.to_thread(service.jobs.cancel, job.id))
    return await done


def _taken_note_of(done: asyncio.Future[Results]) -> None:
    """A client may be gone before its job ends: nobody asks for the outcome then, which asyncio would complain of."""
    if not done.cancelled():
        done.exception()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
