"""Engines that make other pictures are found out."""

import math
from pathlib import Path

import pytest
import torch

from src.benchmark import parity as module
from src.benchmark.inputs import random_inputs
from src.benchmark.parity import REFERENCE, measure_parity
from src.benchmark.recorded import recorded_inputs
from src.benchmark.variants import Variant, opened_model, variants_of
from tests.pipeline.fakes import FakeEngine

CPU = torch.device("cpu")
EXAMPLES = Path(__file__).parents[2] / "assets/examples"


@pytest.fixture(scope="module")
def compact():
    with opened_model("compact") as model:
        yield model.files


@pytest.fixture(scope="module")
def recorded(compact):
    return recorded_inputs(compact, "cpu", EXAMPLES / "source/s9.jpg", EXAMPLES / "driving/d0.mp4", n_frames=3)


def test_recorded_inputs(recorded):
    assert recorded.source.shape == (1, 3, 512, 512) and 0 <= recorded.source.min() < recorded.source.max() <= 1
    assert recorded.x_s.shape == (1, 21, 3) and recorded.x_d.shape == (3, 21, 3)
    assert not torch.equal(recorded.x_d[0], recorded.x_d[2])  # frames spread over the clip


def test_all_engines_of_the_compact_model(compact, recorded):
    figures = list(measure_parity(compact, CPU, variants_of(["auto"], ["auto"], CPU, model="compact"), recorded))
    assert [figure.variant for figure in figures] == ["eager float32", "fused float32"]
    assert figures[0].picture == 0 and math.isinf(figures[0].psnr) and figures[0].as_dict()["psnr"] is None
    assert all(figure.passes and figure.heads is None for figure in figures)


class _Off(FakeEngine):
    """An engine whose pictures, volumes and heads are off by so much."""

    def __init__(self, off: float = 0.0, levels: int = 0) -> None:
        super().__init__("base")
        self.off, self.levels = off, levels

    def warp_decode(self, features, x_s, x_d):
        return {"out": torch.full((len(x_d), 3, 8, 8), 0.5 + self.off)}

    def draw(self, features, x_s, x_d):
        return torch.full((len(x_d), 8, 8, 3), 100 + self.levels, dtype=torch.uint8).numpy()

    def get_kp_info(self, pictures, refine=True):
        return {"t": torch.full((1, 3), 2.0 + self.off), "scale": torch.zeros(1, 1)}


def compared(monkeypatch, engine: FakeEngine, precision: str = "float32") -> module.ParityFigure:
    monkeypatch.setattr(Variant, "create", lambda self, model, device: _Off() if self == REFERENCE else engine)
    variant = Variant("fused", precision)
    (figure,) = measure_parity(None, CPU, [variant], random_inputs(engine, 2))
    return figure


def test_differences(monkeypatch):
    figure = compared(monkeypatch, _Off(0.01, levels=3), "bfloat16")
    assert figure.picture == pytest.approx(0.01, rel=1e-4) and figure.psnr == pytest.approx(40, abs=0.01)
    assert (figure.levels, figure.volume) == (3, 0) and figure.heads == pytest.approx(0.005, rel=1e-3)
    assert figure.limit == "PSNR >= 45 dB" and not figure.passes


@pytest.mark.parametrize(
    ("off", "levels", "precision", "passes"),
    [
        (9e-5, 1, "float32", True),
        (1.2e-4, 0, "float32", False),
        (0.0, 2, "float32", False),  # the finished picture is made in another way than the raw one
        (math.nan, 0, "float32", False),
        (0.005, 2, "bfloat16", True),
        (0.006, 2, "float16", False),
        (math.nan, 0, "bfloat16", False),
    ],
)
def test_limits(monkeypatch, off, levels, precision, passes):
    assert compared(monkeypatch, _Off(off, levels), precision).passes is passes
