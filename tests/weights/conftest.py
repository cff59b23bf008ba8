"""A hub on loopback for the tests of this folder, which talk to it whatever the environment says."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.weights.fake_hub import FakeHub, serve


@pytest.fixture(autouse=True)
def hub_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    # The library writes in steps of 10 MB, and a cut loses what was not written; the tests' files are smaller.
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)


@pytest.fixture
def start_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, bytes]], FakeHub]]:
    """Start a hub with the given files and point the hub's endpoint variable at it."""
    with ExitStack() as stack:

        def start(contents: dict[str, bytes]) -> FakeHub:
            hub = stack.enter_context(serve(FakeHub(contents)))
            monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
            return hub

        yield start


@pytest.fixture
def nobody_there(monkeypatch: pytest.MonkeyPatch) -> str:
    """Point the hub's endpoint variable at a port where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    return endpoint
