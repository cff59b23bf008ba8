"""`/results/{name}`: the files that jobs made."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from .answers import refusals
from .file_answer import open_file
from .problem import no_result
from .service import Here, Service

router = APIRouter(tags=["results"])

MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".safetensors": "application/octet-stream",
}

_CONTENT: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()}
_SERVED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": _CONTENT},
    206: {"description": "The part of the file that was asked for.", "content": _CONTENT},
}


@router.head("/results/{name}", include_in_schema=False)
@router.get(
    "/results/{name}",
    response_class=Response,
    responses=_SERVED | refusals(403, 404, 416, 422),
    summary="A result",
)
async def result(
    name: str,
    request: Request,
    service: Here,
    range: Annotated[str | None, Header(description="Part of the file, such as `bytes=0-1023`.")] = None,
) -> Response:
    """A video, picture or template, under the name that its job gave; a part of it, too, so that players can seek."""
    try:
        return await asyncio.to_thread(_answer, name, request, service)
    except FileNotFoundError:
        raise no_result() from None


def _answer(name: str, request: Request, service: Service) -> Response:
    path = service.jobs.file(name)
    return open_file(path, request, _media_type(path))


def _media_type(path: Path) -> str:
    return MEDIA_TYPES.get(path.suffix, "application/octet-stream")
