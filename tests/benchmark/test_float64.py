"""The plain networks in float64 are the plain networks."""

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import nn

from src.benchmark.float64 import _ByTaps, _in_float64, float64_engine
from src.benchmark.inputs import random_inputs
from src.benchmark.variants import Variant, opened_model
from src.engine.engine import SourceFeatures
from src.modules.warping_network import WarpingNetwork
from src.weights.resolve import ResolvedModel
from tests.engine.fused.compared import assert_same, normal, random_weights
from tests.engine.fused.test_official import PARAMS
from tests.tolerances import FLOAT32

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def fixed_chance():
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(
    ("conv", "shape"),
    [
        (nn.Conv3d(3, 2, (3, 5, 7), padding=(1, 2, 3)), (2, 3, 4, 6, 8)),
        (nn.Conv2d(3, 2, (7, 5), padding=(1, 2)), (2, 3, 9, 8)),
        (nn.Conv3d(3, 2, 1), (1, 3, 2, 3, 4)),
    ],
)
def test_a_convolution_by_its_taps(conv, shape):
    conv, x = random_weights(conv), normal(*shape)
    assert_same(_ByTaps(conv)(x), conv(x))


def test_the_warp_is_the_same():
    network = random_weights(WarpingNetwork(**PARAMS["warping_module"]))
    ours = _in_float64(deepcopy(network))
    assert sum(isinstance(layer, _ByTaps) for layer in ours.modules()) > 5
    given = {"kp_driving": normal(2, 5, 3), "kp_source": normal(2, 5, 3)}
    volume = normal(2, 3, 4, 8, 8)
    found, wanted = ours(volume, **given), network(volume, **given)
    for name, value in wanted.items():
        assert_same(found[name], value)


def test_the_compact_model():
    with opened_model("compact") as model:
        exact, plain = float64_engine(model.files, CPU), Variant("eager", "float32").create(model.files, CPU)
    inputs = random_inputs(plain, 2)
    found, wanted = (
        engine.warp_decode(engine.encode_source(inputs.source), inputs.x_s, inputs.x_d) for engine in (exact, plain)
    )
    assert found["out"].dtype == torch.float64
    assert 0 < (found["out"] - wanted["out"]).abs().max() < FLOAT32["compact_picture"].abs
    keypoints = torch.cat([inputs.x_s.expand_as(inputs.x_d), inputs.x_d], dim=1).flatten(1)
    delta = exact.heads.stitching(keypoints.double())
    assert delta.dtype == torch.float64
    assert 0 < (delta - plain.heads.stitching(keypoints)).abs().max() < FLOAT32["ratio"].abs


@pytest.fixture
def narrow(tmp_path):
    from tests.engine.onnx.conftest import write_narrow_model  # needs onnx

    return write_narrow_model(tmp_path)


def test_the_official_layout(narrow):
    """Nothing on the way out is rounded to float32."""
    engine = float64_engine(narrow, CPU)
    pictures, x_s, x_d = torch.rand(1, 3, 128, 128), 0.3 * torch.randn(1, 21, 3), 0.3 * torch.randn(1, 21, 3)
    results = {"volume": engine.networks.appearance(pictures), **engine.networks.motion(pictures)}
    results |= engine.warp_decode(SourceFeatures(results["volume"]), x_s, x_d)
    assert {"volume", "exp", "out", "deformation", "occlusion_map"} <= set(results)
    for name, value in results.items():
        assert value.dtype == torch.float64, name
        assert not torch.equal(value, value.float().double()), name


@pytest.mark.parametrize("name", ["base", "compact"])
def test_apples_gpu_is_judged_on_the_processor(name):
    engine = float64_engine(ResolvedModel(name, Path(), {}, {}), torch.device("mps"))
    assert engine.device == CPU
