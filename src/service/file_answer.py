"""A file as an answer, whole or in part."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from fastapi.responses import StreamingResponse

from .asgi import Receive, Scope, Send
from .file_parts import part_of

_PIECE = 1 << 18


class FileAnswer(StreamingResponse):
    """Sends a file that is open already: it may be removed any time, and then is still sent to its end.

    Starlette's own answer opens the file when it is too late for another status, and refuses ranges in another form.

    Args:
        file: to be sent; is closed.
        request: which asks for it, or for a part of it.
        media_type: of the file.

    Raises:
        Problem: 416.
    """

    def __init__(self, file: BinaryIO, request: Request, media_type: str) -> None:
        self._file = file
        stat = os.fstat(file.fileno())
        size = stat.st_size
        facts = _facts(stat)
        part = part_of(request.headers, facts, size)
        begin, end = part or (0, size)
        headers = {
            **facts,
            "Accept-Ranges": "bytes",
            "Content-Length": str(end - begin),
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",  # pages of other places may not show it
        }
        if part is not None:
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{size}"
        if request.method == "HEAD":
            end = begin
        status = 200 if part is None else 206
        super().__init__(self._pieces(begin, end), status, headers=headers, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await asyncio.shield(asyncio.to_thread(self._file.close))

    async def _pieces(self, begin: int, end: int) -> AsyncIterator[bytes]:
        await asyncio.to_thread(self._file.seek, begin)
        left = end - begin
        while left > 0 and (piece := await asyncio.to_thread(self._file.read, min(left, _PIECE))):
            left -= len(piece)
            yield piece


def open_file(path: Path, request: Request, media_type: str) -> FileAnswer:
    """Answer with a file.

    Raises:
        OSError: it cannot be opened.
        Problem: 416.
    """
    file = path.open("rb")
    try:
        return FileAnswer(file, request, media_type)
    except BaseException:
        file.close()
        raise


def _facts(stat: os.stat_result) -> dict[str, str]:
    """What tells one state of a file from another."""
    tag = hashlib.sha256(f"{stat.st_mtime_ns}-{stat.st_size}".encode()).hexdigest()[:32]
    return {"ETag": f'"{tag}"', "Last-Modified": formatdate(stat.st_mtime, usegmt=True)}
