"""Engines that make other pictures are found out."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from src.benchmark import parity as module
from src.benchmark.inputs import Inputs
from src.benchmark.parity import REFERENCE, Parity, ParityFigure
from src.benchmark.recorded import recorded_inputs
from src.benchmark.variants import Variant, opened_model, variants_of
from src.engine.official import OfficialEngine
from src.errors import NoFaceError
from tests.media.clips import make_clip
from tests.pipeline.fakes import FakeEngine

CPU = torch.device("cpu")
EXAMPLES = Path(__file__).parents[2] / "assets/examples"


@pytest.fixture(scope="module")
def recorded(compact):
    return recorded_inputs(compact, "cpu", EXAMPLES / "source/s9.jpg", EXAMPLES / "driving/d0.mp4", n_frames=3)


def test_recorded_inputs(recorded):
    assert recorded.source.shape == (1, 3, 512, 512) and 0 <= recorded.source.min() < recorded.source.max() <= 1
    assert recorded.x_s.shape == (1, 21, 3) and recorded.x_d.shape == (3, 21, 3)
    assert not torch.equal(recorded.x_d[0], recorded.x_d[2])  # frames spread over the clip


def test_all_engines_of_the_compact_model(compact, recorded):
    parity = Parity(compact, CPU, recorded)
    figures = [parity.compare(variant) for variant in variants_of(["auto"], ["auto"], CPU, model="compact")]
    assert [figure.variant for figure in figures] == ["eager float32", "fused float32"]
    assert figures[0].picture == 0 and math.isinf(figures[0].psnr) and figures[0].as_dict()["psnr"] is None
    assert all(figure.passes and figure.heads is None for figure in figures)


def test_a_driver_without_a_face(compact, tmp_path):
    driving = tmp_path / "d.mp4"
    make_clip(driving, [Fraction(i, 25) for i in range(3)])
    with pytest.raises(NoFaceError, match=r"no face found in the 3 frames of '.*d.mp4' that were looked at"):
        recorded_inputs(compact, "cpu", EXAMPLES / "source/s9.jpg", driving, n_frames=3)


def test_driving_crops_of_the_official_layout(official_weights_dir, monkeypatch):
    monkeypatch.setattr(OfficialEngine, "draw", lambda self, features, x_s, x_d: np.zeros((1, 8, 8, 3), np.uint8))
    with opened_model("base", official_weights_dir) as model:
        files = model.files
    inputs = recorded_inputs(files, "cpu", EXAMPLES / "source/s9.jpg", EXAMPLES / "driving/d0.mp4", n_frames=2)
    assert inputs.driving.shape == (2, 3, 256, 256) and inputs.source.shape == (1, 3, 256, 256)
    assert not torch.equal(inputs.driving[0], inputs.driving[1])


class _Off(FakeEngine):
    """An engine whose pictures, volumes and heads are off by so much; the heads only where a crop is bright."""

    def __init__(self, off: float = 0.0, levels: int = 0, heads: float | None = None) -> None:
        super().__init__("base")
        self.off, self.levels, self.heads_off = off, levels, off if heads is None else heads

    def warp_decode(self, features, x_s, x_d):
        return {"out": torch.full((len(x_d), 3, 8, 8), 0.5 + self.off)}

    def draw(self, features, x_s, x_d):
        return torch.full((len(x_d), 8, 8, 3), 100 + self.levels, dtype=torch.uint8).numpy()

    def get_kp_info(self, pictures, refine=True):
        off = torch.where(pictures.amax((1, 2, 3)) == 1, self.heads_off, 0.0)[:, None]
        return {"scale": torch.ones(len(pictures), 1), "t": 2 + off.expand(-1, 3), "yaw": torch.ones(len(pictures), 66)}


CROP = torch.zeros(1, 3, 256, 256)
POSES = torch.zeros(2, 21, 3)


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """Which engines were made; eager float64 is as far from eager float32 as its name says."""
    made: list[str] = []

    def exact(model, device):
        made.append("float64")
        return _Off(0.003)

    def create(self, model, device):
        made.append(str(self))
        return _Off() if self == REFERENCE else model

    monkeypatch.setattr(module, "float64_engine", exact)
    monkeypatch.setattr(Variant, "create", create)
    return made


def compared(engine: FakeEngine, precision: str = "float32", driving: torch.Tensor = CROP + 1) -> ParityFigure:
    return Parity(engine, CPU, Inputs(CROP, driving, POSES[:1], POSES)).compare(Variant("fused", precision))


def test_differences(made):
    figure = compared(_Off(0.01, levels=3), "bfloat16")
    assert figure.picture == pytest.approx(0.01, rel=1e-4) and figure.psnr == pytest.approx(40, abs=0.01)
    assert (figure.levels, figure.volume) == (3, 0) and figure.heads == pytest.approx(0.005, rel=1e-3)
    assert figure.limit == "PSNR >= 45 dB, heads not limited" and not figure.passes
    assert figure.distances is None and figure.heads_distances is None


def test_heads_are_compared_on_source_and_driving(made):
    assert compared(_Off(0.01), driving=CROP).heads == 0  # these crops are dark
    assert Parity(_Off(0.01), CPU, Inputs(CROP + 1, CROP, POSES[:1], POSES)).compare(Variant("fused", "float32")).heads


def test_the_reference_is_made_once(made):
    parity = Parity(_Off(0.001), CPU, Inputs(CROP, CROP, POSES[:1], POSES))
    for engine in ("fused", "onnx"):
        parity.compare(Variant(engine, "float32"))
    assert sorted(made) == ["eager float32", "float64", "fused float32", "onnx float32"]


def test_only_what_misses_the_limit_is_asked_of_float64(made, monkeypatch):
    """And the worst picture stands for all."""
    off = torch.tensor([0.0, 0.00305, 0.003, 0.0])[:, None, None, None]
    engine, asked = _Off(), []

    def pictures(networks, inputs):
        n = len(inputs.x_d)
        if networks is engine:
            return 0.5 + off
        if networks.off:
            asked.append(inputs.x_d[0, 0, 0].item())
        return torch.full((n, 1, 1, 1), 0.5 + networks.off)

    monkeypatch.setattr(module, "_pictures", pictures)
    poses = torch.arange(4.0)[:, None, None].expand(4, 21, 3)
    figure = Parity(engine, CPU, Inputs(CROP, CROP, poses[:1], poses)).compare(Variant("fused", "float32"))
    assert asked == [1, 2] and figure.passes and figure.distances.eager == pytest.approx(0.00305, rel=1e-3)


def test_rounding_is_judged_by_float64(made):
    figure = compared(_Off(0.00305))  # 0.00005 from float64, and eager float32 is 0.003 from it
    assert figure.picture == pytest.approx(0.00305, rel=1e-3) and figure.passes
    assert figure.distances.exact == pytest.approx(0.00005, rel=1e-2)
    assert figure.distances.eager_exact == pytest.approx(0.003, rel=1e-3)
    assert not compared(_Off(0.0028)).passes  # better than eager float32, and not good enough


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
def test_limits(made, monkeypatch, off, levels, precision, passes):
    monkeypatch.setattr(module, "float64_engine", lambda model, device: _Off())  # eager float32 is right
    assert compared(_Off(off, levels), precision).passes is passes


@pytest.mark.parametrize(
    ("off", "precision", "passes"),
    [
        (1.8e-4, "float32", True),  # of a range of 2
        (2.2e-4, "float32", False),
        (math.nan, "float32", False),
        (math.inf, "float32", False),
        (0.2, "bfloat16", True),
    ],
)
def test_limits_of_the_heads(made, monkeypatch, off, precision, passes):
    """An M that is off makes no other pictures here, where all keypoints are given."""
    monkeypatch.setattr(module, "float64_engine", lambda model, device: _Off())  # eager float32 is right
    figure = compared(_Off(heads=off), precision)
    assert figure.picture == 0 and figure.passes is passes
    assert figure.heads == pytest.approx(off / 2, rel=1e-2, nan_ok=True)
    assert ("max <= 0.0001, levels <= 1" in figure.limit) is (precision == "float32")


def test_rounding_of_the_heads_is_judged_by_float64(made):
    figure = compared(_Off(heads=0.0031))  # eager float64 is at 0.003
    assert figure.passes and figure.distances.exact is None
    assert figure.heads_distances.exact == pytest.approx(0.0001 / 2, rel=1e-2)
    assert figure.heads_distances.eager_exact == pytest.approx(0.003 / 2, rel=1e-2)
    assert not compared(_Off(heads=0.0026)).passes
