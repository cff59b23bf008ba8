"""`POST /animate`, `POST /templates`, and `/jobs/{id}`."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from .answers import refusals
from .fields import animate_form, template_form
from .intake import ANIMATE_FILES, TEMPLATE_FILES, take_job
from .job import Job
from .request_body import form_body
from .schemas import JobStatus, Results
from .service import Here, Service
from .waiting import results_of

router = APIRouter(tags=["animating"])


class Asked(BaseModel):
    """The query of a request; options belong into the form, and are refused here."""

    model_config = ConfigDict(extra="forbid")

    wait: Annotated[
        bool,
        Field(description="Answer when the job is done; false: at once, with the number of the job, to be asked for."),
    ] = True


FromQuery = Annotated[Asked, Query()]

_FILES = {
    "source": "The portrait: a picture, or of people also a video. Its content tells what it is, not its name.",
    "driving": "What moves it: a video, a motion template (.safetensors, or the official .pkl), for people also a "
    "picture.",
}
_REFUSED = refusals(400, 403, 408, 409, 413, 415, 422, 429, 500, 503)
_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "model": JobStatus,
        "description": "With `wait=false`: the job is queued.",
        "headers": {"Location": {"description": "Where to ask for it.", "schema": {"type": "string"}}},
    }
}
_FORGOTTEN: dict[int | str, dict[str, Any]] = {
    204: {"description": "The job was over: it is forgotten, its results are removed."}
}


@router.post(
    "/animate",
    response_model=Results,
    responses=_ACCEPTED | _REFUSED,
    summary="Animate a portrait",
    response_description="The results, where to fetch them.",
    openapi_extra=form_body(animate_form(), {name: _FILES[name] for name in ANIMATE_FILES}, {"crf": 20}),
)
async def animate(request: Request, service: Here, asked: FromQuery) -> Response:
    """Make the portrait `source` move like `driving`.

    The result is a video (`video_url`), or where a picture drives a picture a picture (`image_url`). Fields that are
    left out have the defaults of the command line. If the client goes away while it waits, the job is cancelled.
    """
    job = await take_job(request, service, service.animate_form, ANIMATE_FILES)
    return await _answer(job, request, service, asked.wait)


@router.post(
    "/templates",
    response_model=Results,
    responses=_ACCEPTED | _REFUSED,
    summary="Make a motion template",
    response_description="The template, where to fetch it.",
    openapi_extra=form_body(template_form(), {"driving": "A video or picture of a person."}, {"smooth": True}),
)
async def make_template(request: Request, service: Here, asked: FromQuery) -> Response:
    """Keep the motion of a video as a template (`template_url`), which can be sent as `driving` again and again.

    A template holds numbers, no pictures, and belongs to the model that made it.
    """
    job = await take_job(request, service, service.template_form, TEMPLATE_FILES)
    return await _answer(job, request, service, asked.wait)


@router.get(
    "/jobs/{id}",
    response_model=JobStatus,
    responses=refusals(403, 404, 422),
    summary="How far a job is",
    response_description="The job.",
)
async def job_status(id: str, service: Here) -> JobStatus:
    """State, place in the queue, frames finished, and in the end the results or the error."""
    return await asyncio.to_thread(service.jobs.status, id)


@router.delete(
    "/jobs/{id}",
    response_model=JobStatus,
    responses=_FORGOTTEN | refusals(403, 404, 422),
    summary="Cancel a job, or remove its results",
    response_description="The job, which is cancelled now.",
)
async def delete_job(id: str, service: Here) -> Response:
    """Cancel a job that waits or runs (200); forget one that is over, with its results (204)."""
    status = await asyncio.to_thread(service.jobs.cancel, id)
    return Response(status_code=204) if status is None else JSONResponse(status.model_dump())


async def _answer(job: Job, request: Request, service: Service, wait: bool) -> Response:
    if wait:
        return JSONResponse((await results_of(job, request, service)).model_dump())
    status = await asyncio.to_thread(service.jobs.status, job.id)
    return JSONResponse(status.model_dump(), 202, headers={"Location": f"/jobs/{job.id}"})
