"""Fixtures for all tests."""

import gc
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from src.face.cat_face_boxes import CatFaceBoxes
from tests.parity.weights import save_official_layout

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """No test reaches beyond loopback, nor tries to: the hub is offline unless a test says otherwise."""
    connect = socket.socket.connect
    strays: list[Any] = []  # an error in a thread of a server would be lost

    def guarded(self: socket.socket, address: Any) -> None:
        to_network = isinstance(address, tuple)  # a path otherwise
        if to_network and address[0] not in LOOPBACK:
            strays.append(address)
            raise AssertionError(f"a test wanted to talk to {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setattr(socket.socket, "connect", guarded)
        yield
    assert not strays


@pytest.fixture(scope="session")
def official_weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the five official checkpoints in their layout, filled by the parity rule; do not write to it."""
    folder = save_official_layout(tmp_path_factory.mktemp("official_weights"))
    yield folder
    shutil.rmtree(folder)  # half a gigabyte, which pytest would keep for three runs


@pytest.fixture(scope="session")
def searched() -> dict[tuple, list]:
    """What was found where animals' faces were searched for, by picture."""
    return {}


@pytest.fixture(scope="module")
def search_animals_once(searched) -> Iterator[None]:
    """The same picture is not searched for animals again, which takes seconds; for tests of what comes after."""
    search = CatFaceBoxes.search

    def once(self, rgb, squares):
        key = (rgb.shape, rgb.tobytes(), repr(squares))
        if key not in searched:
            searched[key] = search(self, rgb, squares)
        return list(searched[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CatFaceBoxes, "search", once)
        yield


def pytest_collection_finish() -> None:
    """What is imported by now stays: many runs collect garbage, which need not walk through all of torch each time."""
    gc.collect()
    gc.freeze()
