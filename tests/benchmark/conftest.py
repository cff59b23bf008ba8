"""What several tests of measurements need."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from src.benchmark.variants import opened_model


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Iterator[Path]:
    """Temporary files go here; all are gone after the test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="session")
def compact():
    """The files of the compact model."""
    with opened_model("compact") as model:
        yield model.files
