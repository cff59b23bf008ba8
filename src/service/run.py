"""Runs the service under uvicorn until it is stopped."""

from __future__ import annotations

import logging
import socket

import uvicorn
from fastapi import FastAPI

from ..config.service_options import ServiceOptions
from ..errors import InputError
from .app import create_app
from .protocol import PromptProtocol
from .service import Service

_log = logging.getLogger(__name__)

_GRACE_SECONDS = 5


class Server(uvicorn.Server):
    """A server that cancels the jobs first: requests that wait for one would hold the end up.

    Args:
        config: of uvicorn.
        service: behind the application.
    """

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what runs, then the server."""
        await self._service.cancel_jobs()
        await super().shutdown(sockets)


def server_of(app: FastAPI) -> Server:
    """A server for an application of `create_app`, ready to run."""
    config = uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="none",
        log_config=None,  # the command line's own
        access_log=False,
        lifespan="on",
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        server_header=False,
    )
    return Server(config, app.state.service)


def serve(options: ServiceOptions) -> None:
    """Run the service until Ctrl-C or a signal to end.

    Raises:
        LivePortraitError: an option, the folder, the model or the address cannot be used.
    """
    with _listening(options) as listener:
        app = create_app(options)
        app.state.service.open()  # here, for a mistake to be told in a line
        listener.listen()  # who comes from the next line on waits, and is not refused
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        _log.info("listening at http://%s:%d, which /docs describes", shown, port)
        server_of(app).run(sockets=[listener])


def _listening(options: ServiceOptions) -> socket.socket:
    """A socket that is bound, before a model is loaded for nothing."""
    address = (options.server_name, options.server_port)
    try:
        family, _, _, _, resolved = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise InputError(f"cannot listen at {options.server_name}: {error.strerror or error}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(resolved)
    except OSError as error:
        listener.close()
        raise InputError(
            f"cannot listen at {options.server_name}, port {options.server_port}: {error.strerror or error}; "
            "choose another --server_name or --server_port"
        ) from error
    return listener
