"""Several services that share a folder, on loopback, and a client that asks each in turn."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace

import httpx

from src.config.service_options import ServiceOptions
from src.service.animator import Animator
from src.service.workspace import Workspace

from .running import Running, files_in, running

_STAYS = ("services/", "over/")
_KNOWN = ("/order.json", "/end.json")


class InTurn(httpx.HTTPTransport):
    """Sends each request to the next of several ports, as something in front of the services would."""

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__()
        self._ports = cycle(ports)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=next(self._ports))
        return super().handle_request(request)


@contextmanager
def sharing(
    options: ServiceOptions, animators: Sequence[Animator | None], common: Path | str
) -> Iterator[list[Running]]:
    """Services that share a folder.

    Args:
        options: of all.
        animators: of each.
        common: the folder.
    """
    with ExitStack() as stack:
        shared = replace(options, shared_folder=str(common))
        yield [stack.enter_context(running(shared, animator)) for animator in animators]


@contextmanager
def as_one(runs: Sequence[Running], common: Path) -> Iterator[Running]:
    """The services as callers see them; what tests look for in the folder of one is in the one that is shared."""
    url = f"http://127.0.0.1:{runs[0].port}"
    transport = InTurn([run.port for run in runs])
    with httpx.Client(base_url=url, timeout=60, transport=transport) as client:
        yield Running(client, runs[0].port, SimpleNamespace(workspace=Workspace(common)), runs[0].server)


class CommonPlaces:
    """What `Whereabouts` is for one service: files that are left in the folder which several share."""

    def outside(self, run: Running) -> list[str]:
        """The folder for temporary files is that of all services: the plain service's tests look there."""
        return []

    def inside(self, run: Running) -> list[str]:
        """Files that jobs left, without what stands about jobs that are over."""
        found = files_in(run.service.workspace.folder)
        return [name for name in found if not name.startswith(_STAYS) and not name.endswith(_KNOWN)]
