"""From an upload to a job in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from fastapi import Request

from ..config.argument_config import ArgumentConfig
from ..config.call_options import call_options
from ..config.service_options import ServiceOptions
from ..errors import LivePortraitError
from ..media.sniff import MediaKind
from ..pipeline.plan import check_run
from .animator import Kind
from .body import Body
from .fields import Form, read_fields
from .job import Job, new_number
from .media_check import Upload, check_upload
from .multipart import Received, receive_form
from .problem import Problem
from .room import check_room, is_full, no_room
from .service import Service
from .wording import for_callers

ANIMATE_FILES = ("source", "driving")
TEMPLATE_FILES = ("driving",)

T = TypeVar("T")


async def take_job(request: Request, service: Service, form: type[Form], files: Sequence[str]) -> Job:
    """Receive what a job needs, look at it, and queue it; given up when the service stops.

    A place in the queue is held from the first byte on, so that uploads take no more room on the disk than jobs may.

    Args:
        request: with the form.
        service: which takes it.
        form: the fields beside the files.
        files: the fields that are files; without a source only a template is made.

    Raises:
        Problem: anything about the request that cannot be used, or a full queue.
    """
    return await service.until_stopped(_take(request, service, form, files))


async def _take(request: Request, service: Service, form: type[Form], files: Sequence[str]) -> Job:
    number = new_number()
    try:
        await _to_the_end(service.jobs.reserve, number)
        folder = await asyncio.to_thread(_new_folder, service, number)
        body = Body(request, service.options.max_bytes)
        received = await receive_form(body, request.headers.get("content-type", ""), folder, files)
        fields = read_fields(form, received.fields)
        kind: Kind = getattr(fields, "kind", "human")
        async with service.checks:
            options = await asyncio.to_thread(_checked, received, fields, kind, service, number)
        job = Job(number, kind, options, folder)
        await _to_the_end(service.jobs.submit, job)
    except BaseException:
        await asyncio.shield(asyncio.to_thread(_give_up, service, number))
        raise
    return job


async def _to_the_end(work: Callable[[T], None], given: T) -> None:
    """Do in a thread what must not be half done when the service stops: a place that nobody gives back, say."""
    task = asyncio.create_task(asyncio.to_thread(work, given))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # of no interest any more, which asyncio must be told
        raise


def _give_up(service: Service, number: str) -> None:
    service.jobs.release(number)
    service.workspace.remove_upload(number)


def _new_folder(service: Service, number: str) -> Path:
    """A folder for the uploads, on a disk that has room for them."""
    try:
        folder = service.workspace.new_upload(number)
    except OSError as error:
        if is_full(error):
            raise no_room() from error
        raise
    check_room(folder, service.options.reserved_bytes)
    return folder


def _checked(received: Received, fields: Form, kind: Kind, service: Service, number: str) -> dict[str, Any]:
    """The options of `execute`, when files and fields have been found usable."""
    limits = service.options
    uploads = {role: check_upload(path, role, limits) for role, path in received.files.items()}
    if uploads.get("source") and uploads["source"].kind is MediaKind.TEMPLATE:
        raise Problem(415, "the source is a motion template: it belongs to driving")
    options = {**fields.options(), **_files(uploads, service, number)}
    _check_options(options, kind, uploads["driving"].path.parent)
    return options


def _files(uploads: dict[str, Upload], service: Service, number: str) -> dict[str, Any]:
    """Where a run reads and writes; all of it has our own names."""
    driving = uploads["driving"]
    if "source" not in uploads:
        if driving.kind is MediaKind.TEMPLATE:
            raise Problem(415, "the driving is a motion template already")
        return {
            "driving": str(driving.path),
            "save_motion_template": str(service.workspace.result(number, ".safetensors")),
        }
    is_video = any(upload.is_video for upload in uploads.values())
    output = service.workspace.result(number, ".mp4" if is_video else ".jpg")
    return {**{role: str(upload.path) for role, upload in uploads.items()}, "output": str(output)}


def _check_options(options: dict[str, Any], kind: Kind, folder: Path) -> None:
    """Tell at once what `execute` would refuse when the job's turn has come."""
    try:
        check_run(replace(call_options(ArgumentConfig(), options), animals=kind == "animal"))
    except LivePortraitError as error:
        raise Problem(422, for_callers(str(error), folder)) from error


def largest_upload(options: ServiceOptions) -> str:
    """The limits on uploads, for people."""
    return (
        f"At most {options.max_upload_mib} MiB a request, {options.max_pixels:,} pixels a picture, "
        f"{options.max_seconds:g} seconds or {options.max_frames:,} frames a video or template."
    )
