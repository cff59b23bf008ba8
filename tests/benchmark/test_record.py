"""Figures as JSON."""

import json
from pathlib import Path

import pytest

from src.benchmark.peak import PeakFigure
from src.benchmark.record import as_dicts, check_record, write_record
from src.benchmark.timing import Timing
from src.errors import InputError


def test_record(tmp_path):
    figure = PeakFigure("gemm", "float32", Timing.of([0.5]), 100.0)
    write_record(tmp_path / "r.json", {"figures": as_dicts([figure]), "options": {"source": Path("s.jpg")}})
    content = json.loads((tmp_path / "r.json").read_text())
    assert content["options"] == {"source": "s.jpg"}
    assert content["figures"] == [
        {
            "operation": "gemm",
            "precision": "float32",
            "gflops": 100.0,
            "timing": {"median": 0.5, "low": 0.5, "high": 0.5, "mean": 0.5, "std": 0.0, "n": 1},
        }
    ]


def test_no_record(tmp_path):
    check_record(None)
    check_record(tmp_path / "r.json")
    write_record(None, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [".", "none/r.json"])
def test_a_record_that_cannot_be_written(tmp_path, name):
    for attempt in (lambda path: check_record(path), lambda path: write_record(path, {})):
        with pytest.raises(InputError, match="the figures cannot be written to"):
            attempt(tmp_path / name)
