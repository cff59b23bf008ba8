"""Closes the connection after a refusal whose request was not read to its end."""

from __future__ import annotations

import asyncio

from fastapi.datastructures import Headers

from .asgi import App, Message, Receive, Scope, Send

_LINGER_SECONDS, _LINGER_BYTES = 2.0, 64 << 20


class CloseUnread:
    """Sends `Connection: close` with such refusals: the rest of an upload is of no use to anybody.

    The answer goes out at once. For a short while the rest is then thrown away, for clients that only listen when they
    have sent all: they would find the connection broken and never see why.

    Args:
        app: that refuses.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and watch how much of it is read."""
        if scope["type"] != "http" or not _has_body(headers := Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        watch = _Watch(receive, send, is_sent=headers.get("expect", "").lower() != "100-continue")
        await self._app(scope, watch.receive, watch.send)


class _Watch:
    def __init__(self, receive: Receive, send: Send, *, is_sent: bool) -> None:
        self._receive, self._send = receive, send
        self._is_sent = is_sent  # else the client waits to be told that it may send
        self._is_read = self._is_closing = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._is_read |= not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400 and not self._is_read:
            self._is_closing = True
            kept = [(name, value) for name, value in message["headers"] if name.lower() != b"connection"]
            message["headers"] = [*kept, (b"connection", b"close")]
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (self._is_closing and is_last):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        if self._is_sent:
            await self._linger()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        left = _LINGER_BYTES
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                while not self._is_read and left > 0:
                    left -= len((await self.receive()).get("body", b""))
        except TimeoutError:
            return


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
