"""The body of a request as it arrives: never more than the limit, never waited for without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from .problem import Problem

STALL_SECONDS = 30.0  # without a byte
WHOLE_SECONDS = 900.0  # for all of it: a place in the queue is held meanwhile
_PIECE = 1 << 18  # what is handed on at a time
_LINGER_SECONDS, _LINGER_BYTES = 2.0, 64 << 20


class Body:
    """Reads a request's body in pieces.

    Args:
        request: whose body nobody has read yet.
        limit: most bytes that are taken.
        stall: seconds that may pass without a byte.
        whole: seconds within which all of it must have come.
    """

    def __init__(
        self, request: Request, limit: int, *, stall: float = STALL_SECONDS, whole: float = WHOLE_SECONDS
    ) -> None:
        self._request, self._limit, self._stall, self._whole = request, limit, stall, whole

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, piece by piece.

        Raises:
            Problem: 413 as soon as there is too much of it (what the header promises counts, too), 408 if it takes too
                long, 400 if it breaks off.
        """
        promised = self._request.headers.get("content-length", "")
        if promised.isdecimal() and int(promised[:20]) > self._limit:
            raise await self._refusal()
        pending, taken = bytearray(), 0
        deadline = asyncio.get_running_loop().time() + self._whole
        more = True
        while more:
            chunk, more = await self._receive(deadline)
            taken += len(chunk)
            if taken > self._limit:
                raise await self._refusal()
            pending += chunk
            if pending and (not more or len(pending) >= _PIECE):
                yield bytes(pending)
                pending.clear()

    async def _receive(self, deadline: float) -> tuple[bytes, bool]:
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(self._stall, max(deadline - now, 0))):
                message = await self._request.receive()
        except TimeoutError:
            raise Problem(408, "the upload takes too long", {"Connection": "close"}) from None
        if message["type"] == "http.disconnect":
            raise Problem(400, "the request broke off")
        return message.get("body", b""), bool(message.get("more_body", False))

    async def _refusal(self) -> Problem:
        """What to tell; a short while the rest is thrown away, for clients that only listen when they have sent all."""
        if self._request.headers.get("expect", "").lower() != "100-continue":  # such a client has sent nothing yet
            await self._linger()
        limit = f"{self._limit >> 20} MiB" if self._limit >= 1 << 20 else f"{self._limit} bytes"
        return Problem(413, f"the request is larger than {limit}", {"Connection": "close"})

    async def _linger(self) -> None:
        left, deadline = _LINGER_BYTES, asyncio.get_running_loop().time() + _LINGER_SECONDS
        more = True
        while more and left > 0:
            try:
                chunk, more = await self._receive(deadline)
            except Problem:
                return
            left -= len(chunk)
