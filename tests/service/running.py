"""A service that runs on loopback, in a thread of this process."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from src.config.service_options import ServiceOptions
from src.service.animator import Animator
from src.service.app import create_app
from src.service.run import Server, server_of
from src.service.service import Service

ROOT = Path(__file__).parents[2]
PORTRAIT = ROOT / "assets/examples/source/s9.jpg"
DRIVER = ROOT / "tests/data/media/short.mp4"
TEMPLATE = ROOT / "assets/examples/driving/smile.safetensors"


@dataclass
class Running:
    """A running service.

    Attributes:
        client: speaks to it.
        port: where it listens.
        service: itself.
        server: around it.
    """

    client: httpx.Client
    port: int
    service: Service
    server: Server

    def post(self, path: str = "/animate", source=PORTRAIT, driving=DRIVER, **fields: str) -> httpx.Response:
        """Send a form; files are paths or bytes, or None for none."""
        given = {"source": source, "driving": driving}
        files = {
            name: ("name", value if isinstance(value, bytes) else value.read_bytes())
            for name, value in given.items()
            if value is not None
        }
        return self.client.post(path, files=files, data=fields)

    def job(self, **fields: str) -> str:
        """Queue a job; its number."""
        response = self.post("/animate?wait=false", **fields)
        assert response.status_code == 202, response.text
        return response.json()["id"]

    def state(self, number: str) -> str:
        return self.client.get(f"/jobs/{number}").json()["state"]


def files_in(folder: Path) -> list[str]:
    """All files below a folder, by their path in it; folders may vanish meanwhile, which `rglob` does not bear."""
    found = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    return sorted(str(path.relative_to(folder)) for path in found)


def eventually(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


@contextmanager
def running(options: ServiceOptions, animator: Animator | None = None, clock=time.monotonic) -> Iterator[Running]:
    app = create_app(options, animator, clock=clock)
    server = server_of(app)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False, verify=False) as client:
            yield Running(client, port, app.state.service, server)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive()


@contextmanager
def polled(run: Running, within: float = 1.0) -> Iterator[None]:
    """Ask for the health all the time; it must come at once, each time.

    Args:
        run: the service.
        within: seconds.
    """
    took: list[float] = []
    is_over = threading.Event()

    def poll() -> None:
        with httpx.Client(base_url=run.client.base_url, trust_env=False, timeout=60) as client:
            while not is_over.wait(0.05):
                begin = time.monotonic()
                assert client.get("/health").status_code == 200
                took.append(time.monotonic() - begin)

    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(poll)
        try:
            yield
            eventually(lambda: len(took) > 2 or polling.done())
        finally:
            is_over.set()
        polling.result(60)
    assert max(took) < within
