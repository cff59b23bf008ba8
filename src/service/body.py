"""The body of a request as it arrives: never more than the limit, never waited for without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from .problem import Problem

STALL_SECONDS = 30.0  # without a byte
GRACE_SECONDS = 10.0  # after which the rate counts
LOWEST_RATE = 16 << 10  # bytes a second, of the time that is spent waiting for them
WHOLE_SECONDS = 900.0  # for all of it: a place in the queue is held meanwhile
_PIECE = 1 << 18  # what is handed on at a time


class Body:
    """Reads a request's body in pieces.

    Args:
        request: whose body nobody has read yet.
        limit: most bytes that are taken.
        stall: seconds that may pass without a byte.
        whole: seconds within which all of it must have come.
        grace: seconds of waiting after which too slow a client is given up.
    """

    def __init__(
        self,
        request: Request,
        limit: int,
        *,
        stall: float = STALL_SECONDS,
        whole: float = WHOLE_SECONDS,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self._request, self._limit, self._stall, self._whole, self._grace = request, limit, stall, whole, grace
        self._taken, self._waited = 0, 0.0  # bytes; seconds, without those that our disk takes

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, piece by piece.

        Raises:
            Problem: 413 as soon as there is too much of it (what the header promises counts, too), 408 if it takes too
                long, 400 if it breaks off.
        """
        promised = self._request.headers.get("content-length", "")
        if promised.isdecimal() and int(promised[:20]) > self._limit:
            raise self._refusal()
        pending = bytearray()
        deadline = asyncio.get_running_loop().time() + self._whole
        more = True
        while more:
            chunk, more = await self._receive(deadline)
            if self._taken > self._limit:
                raise self._refusal()
            pending += chunk
            if pending and (not more or len(pending) >= _PIECE):
                yield bytes(pending)
                pending.clear()

    async def _receive(self, deadline: float) -> tuple[bytes, bool]:
        begin = asyncio.get_running_loop().time()
        until_too_slow = self._grace + self._taken / LOWEST_RATE - self._waited
        try:
            async with asyncio.timeout(max(min(self._stall, deadline - begin, until_too_slow), 0)):
                message = await self._request.receive()
        except TimeoutError:
            raise Problem(408, "the upload takes too long", {"Connection": "close"}) from None
        if message["type"] == "http.disconnect":
            raise Problem(400, "the request broke off")
        chunk = message.get("body", b"")
        self._taken += len(chunk)
        self._waited += asyncio.get_running_loop().time() - begin
        return chunk, bool(message.get("more_body", False))

    def _refusal(self) -> Problem:
        limit = f"{self._limit >> 20} MiB" if self._limit >= 1 << 20 else f"{self._limit} bytes"
        return Problem(413, f"the request is larger than {limit}", {"Connection": "close"})
