"""Who may ask: under which names the service answers, and whose web pages may change anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from fastapi.datastructures import Headers
from fastapi.responses import JSONResponse

from .asgi import App, Receive, Scope, Send
from .problem import Problem

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^\[\]:/@\s]+)(?::(?P<port>[0-9]{1,5}))?")
_ORIGIN = re.compile(r"https?://(?P<host>[^/@\s]+)")
_READS = ("GET", "HEAD", "OPTIONS")


class Hosts:
    """Names under which the service may be asked.

    A page from elsewhere whose name suddenly points to this machine (DNS rebinding) would else read everything: the
    browser takes both for one place, and only the `Host` header tells.

    Args:
        server_name: address that the service listens at.
        allowed: further names.
    """

    def __init__(self, server_name: str, allowed: Iterable[str] = ()) -> None:
        bound = _address(server_name)
        is_local = _is_localhost(server_name) or (bound is not None and bound.is_loopback)
        self._takes_addresses = not is_local  # one who types an address cannot have been led astray by a name
        self._named = {_plain(name) for name in allowed}
        self._names = self._named | {_plain(server_name)}

    def is_ours(self, host: str) -> bool:
        """Whether a `Host` header names this service."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = _plain(found["name"])
        address = _address(name)
        if address is not None:
            return address.is_loopback or self._takes_addresses or name in self._names
        return _is_localhost(name) or name in self._names

    def is_our_page(self, origin: str, host: str) -> bool:
        """Whether an `Origin` is what the request was sent to, or a name that was allowed (that of a proxy)."""
        found = _ORIGIN.fullmatch(origin)
        if found is None:
            return False
        theirs, ours = _HOST.fullmatch(found["host"]), _HOST.fullmatch(host)
        if theirs is None or ours is None:
            return False
        if _plain(theirs["name"]) in self._named:
            return True
        return (_plain(theirs["name"]), _port(theirs["port"])) == (_plain(ours["name"]), _port(ours["port"]))


class HostGuard:
    """Lets nothing through that comes under a foreign name, and no change that a foreign web page asks for.

    A form needs no leave of ours to be sent by any page, so that a browser would drive the service for strangers.
    Starlette has a guard of its own for the names, which answers in another form than ours and knows no pages.

    Args:
        app: behind the guard.
        hosts: our names.
    """

    def __init__(self, app: App, hosts: Hosts) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        problem = self._refusal(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
            return
        await JSONResponse(problem.body(), problem.status)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        given = headers.getlist("host")
        if len(given) != 1 or not self._hosts.is_ours(given[0]):
            return Problem(403, "the service does not answer under this name; who runs it can allow it: allowed_hosts")
        if scope["method"] in _READS:
            return None
        is_foreign = headers.get("sec-fetch-site", "").lower() == "cross-site"
        if is_foreign or not all(self._hosts.is_our_page(one, given[0]) for one in headers.getlist("origin")):
            return Problem(403, "a web page of another place may not ask for this")
        return None


def _plain(name: str) -> str:
    return name.strip("[]").rstrip(".").lower()


def _port(port: str | None) -> str | None:
    """A port that a browser leaves out is none; which one that is depends on a proxy."""
    return None if port in ("80", "443") else port


def _is_localhost(name: str) -> bool:
    plain = _plain(name)
    return plain == "localhost" or plain.endswith(".localhost")  # which browsers never ask a server of names for


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(_plain(name))
    except ValueError:
        return None
