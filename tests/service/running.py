"""A service that runs on loopback, in a thread of this process."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from src.config.service_options import ServiceOptions
from src.service.animator import Animator
from src.service.app import create_app
from src.service.run import server_of
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
    """

    client: httpx.Client
    port: int
    service: Service

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
            yield Running(client, port, app.state.service)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive()
