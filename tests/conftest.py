"""Fixtures for all tests."""

from pathlib import Path

import pytest

from tests.parity.weights import save_official_layout


@pytest.fixture(scope="session")
def official_weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the five official checkpoints, filled by the parity rule, in the official layout (read-only)."""
    return save_official_layout(tmp_path_factory.mktemp("official_weights"))
