import json

import pytest
import torch

from src.benchmark import rewrites as module
from src.benchmark.rewrites import measure_rewrites
from src.cli.benchmark import main

SMALL = {name: pair for name, pair in module._REWRITES.items() if "Gaussians" in name or "deformation" in name}


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(module, "_REWRITES", SMALL)


def test_both_sides_are_measured(small):
    figures = list(measure_rewrites(runs=2))
    assert [figure.name for figure in figures] == list(SMALL) and len(figures) == 2
    for figure in figures:
        assert figure.plain.n == figure.fused.n == 2 and figure.plain.median > 0 and figure.fused.median > 0
        assert figure.saved == pytest.approx(figure.calls * (figure.plain.median - figure.fused.median))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in module._REWRITES if not name.startswith("G: label")])
def test_both_sides_do_the_same_work(name):
    """As many numbers come out on both sides; labels enlarged four times are the exception on purpose."""
    with torch.no_grad():
        plain, fused = (call() for call in module._REWRITES[name][1]())

    def count(result) -> int:
        if isinstance(result, torch.Tensor):
            return result.numel()
        return sum(count(part) for part in result if not isinstance(part, slice))

    assert count(plain) == count(fused)


def test_the_command_prints_a_table(small, capsys, tmp_path):
    assert main(["rewrites", "--runs", "1", "--json", str(tmp_path / "r.json")]) == 0
    assert "times as fast" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "r.json").read_text())["figures"]) == 2


def test_no_runs(capsys):
    assert main(["rewrites", "--runs", "0"]) == 1
    assert "1 or more, got 0" in capsys.readouterr().err
