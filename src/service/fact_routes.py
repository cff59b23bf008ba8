"""`GET /health`, `GET /models`, and the page at `/docs`."""

from __future__ import annotations

import asyncio
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from ..weights.catalogue import MODELS, ModelEntry
from ..weights.resolve import face_model_present
from .answers import refusals
from .docs_page import docs_page
from .problem import Problem
from .schemas import Health, ModelFacts, Models
from .service import Here

router = APIRouter(tags=["facts"])

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@router.get(
    "/health",
    response_model=Health,
    responses=refusals(403, 503),
    summary="Whether the service is well",
    response_description="It is.",
)
async def health(service: Here) -> Health:
    """Answers at once, whatever the model is doing."""
    if ills := await service.ills():
        raise Problem(503, "; ".join(ills), code="unwell")
    waiting, is_running = await asyncio.to_thread(service.jobs.busy)
    return Health(
        model=service.animator.running()[0], queue_length=waiting, running=is_running, version=project_version()
    )


@router.get(
    "/models",
    response_model=Models,
    responses=refusals(403),
    summary="The models",
    response_description="The catalogue.",
)
async def models(service: Here) -> Models:
    """All models of the catalogue: whose licence, how large, whether their files are here, and which ones run."""
    given = service.options.weights_dir
    folder = None if given is None else given.expanduser()
    running = service.animator.running()
    return await asyncio.to_thread(lambda: Models(models=[_facts(entry, folder, running) for entry in MODELS.values()]))


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """The OpenAPI document as a page, which loads nothing from anywhere."""
    return HTMLResponse(docs_page(request.app.openapi()), headers={"Content-Security-Policy": _POLICY})


@router.get("/", include_in_schema=False)
async def start() -> RedirectResponse:
    """To the page."""
    return RedirectResponse("/docs")


@cache
def project_version() -> str:
    """Version of the project; "source" in a checkout that was never installed."""
    try:
        return version("liveportrait")
    except PackageNotFoundError:
        return "source"


def _facts(entry: ModelEntry, folder: Path | None, running: list[str]) -> ModelFacts:
    return ModelFacts(
        name=entry.name,
        note=entry.note,
        licence=entry.licence,
        size_bytes=entry.size if all(file.size for file in entry.files.values()) else None,
        available=face_model_present(entry.name, folder, catalogue=MODELS),
        running=entry.name in running,
    )
