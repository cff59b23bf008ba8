"""Fixtures for all tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity.weights import save_official_layout


@pytest.fixture(scope="session")
def official_weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the five official checkpoints in their layout, filled by the parity rule; do not write to it."""
    folder = save_official_layout(tmp_path_factory.mktemp("official_weights"))
    yield folder
    shutil.rmtree(folder)  # half a gigabyte, which pytest would keep for three runs
