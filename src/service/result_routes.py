"""`/results/{name}`: the files that jobs made."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fastapi.responses import FileResponse

from .answers import refusals
from .problem import Problem
from .service import Service, service_of

router = APIRouter(tags=["results"])

MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".gif": "image/gif",
    ".safetensors": "application/octet-stream",
}
_RANGE = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")

_CONTENT: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()}
_SERVED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file.", "content": _CONTENT},
    206: {
        "description": "The part of the file that was asked for.",
        "content": {**_CONTENT, "multipart/byteranges": {"schema": {"type": "string", "format": "binary"}}},
    },
}


@router.head("/results/{name}", include_in_schema=False)
@router.get(
    "/results/{name}",
    response_class=FileResponse,
    responses=_SERVED | refusals(404, 416, 422),
    summary="A result",
)
async def result(
    name: str,
    service: Annotated[Service, Depends(service_of)],
    range: Annotated[str | None, Header(description="Part of the file, such as `bytes=0-1023`.")] = None,
) -> FileResponse:
    """A video, picture or template, under the name that its job gave; parts of it, too, so that players can seek."""
    path = service.jobs.file(name)
    try:
        stat = await asyncio.to_thread(path.stat)
    except FileNotFoundError:
        raise Problem(404, "there is no such result, or no longer") from None
    if range is not None:
        _check_range(range, stat.st_size)
    return FileResponse(
        path, media_type=_media_type(path), headers={"X-Content-Type-Options": "nosniff"}, stat_result=stat
    )


def _media_type(path: Path) -> str:
    return MEDIA_TYPES.get(path.suffix, "application/octet-stream")


def _check_range(given: str, size: int) -> None:
    """Make sure that a range can be served.

    Raises:
        Problem: 416.
    """
    unit, _, parts = given.partition("=")
    if unit.strip().lower() != "bytes" or not all(_is_within(part.strip(), size) for part in parts.split(",")):
        raise Problem(416, f"not a range of a file of {size} bytes", {"Content-Range": f"bytes */{size}"})


def _is_within(part: str, size: int) -> bool:
    found = _RANGE.fullmatch(part)
    if found is None or part == "-":
        return False
    first, last = found.groups()
    if not first:
        return int(last) > 0
    return int(first) < size and (not last or int(first) <= int(last))
