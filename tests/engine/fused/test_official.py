"""How the fused official networks are put together; their numbers: tests/test_live_portrait_wrapper_base.py."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from src.engine.checkpoints import Checkpoints
from src.engine.eager.official import EagerOfficial
from src.engine.engine import SourceFeatures
from src.engine.fused import official
from src.engine.fused.official import FusedOfficial
from src.engine.fused.warping import FusedWarping
from src.modules.spade_generator import SPADEDecoder
from src.modules.warping_network import WarpingNetwork
from tests.engine.fused.compared import normal, random_weights
from tests.tolerances import FLOAT32

MOTION = {"block_expansion": 4, "num_blocks": 2, "max_features": 12, "reshape_depth": 4, "compress": 2}
PARAMS = {
    "warping_module": {
        "dense_motion_params": MOTION,
        "num_kp": 5,
        "block_expansion": 3,
        "max_features": 12,
        "num_down_blocks": 2,
        "reshape_channel": 3,
    },
    "spade_generator": {
        "upscale": 2,
        "max_features": 12,
        "block_expansion": 3,
        "out_channels": 4,
        "num_middle": 2,
        "spade_hidden": 5,
    },
}


class Random(Checkpoints):
    """Builds tiny networks with random weights, and notes which."""

    def __init__(self) -> None:
        super().__init__({}, PARAMS, torch.device("cpu"))
        object.__setattr__(self, "built", [])

    def build(self, network, name):
        self.built.append((network, name))
        torch.manual_seed(len(name))
        return random_weights(network(**self.params[name])).float()


class FakeWarping(nn.Module):
    """Stands in for W: remembers what it was asked."""

    def forward(self, volume: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor]:
        self.asked = volume, kp_driving, kp_source
        return {"out": kp_driving.bfloat16(), "deformation": kp_source}


def arguments(sources=1, frames=3) -> tuple[SourceFeatures, Tensor, Tensor]:
    dtype = torch.float32
    volume, x_s, x_d = (
        normal(n, *s, dtype=dtype) for n, s in ((sources, (3, 4, 8, 8)), (sources, (5, 3)), (frames, (5, 3)))
    )
    return SourceFeatures(volume), x_s, x_d


@pytest.mark.parametrize(("sources", "frames"), [(1, 1), (1, 3), (3, 3)])
def test_what_the_eager_networks_give(sources, frames):
    given = arguments(sources, frames)
    actual, expected = (kind(Random()).warp_decode(*given) for kind in (FusedOfficial, EagerOfficial))
    assert set(actual) == set(expected) == {"out", "deformation", "occlusion_map"}
    for name, value in actual.items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=FLOAT32["fused"].abs)


def test_pictures_as_bytes():
    given = arguments()
    networks = FusedOfficial(Random())
    drawn, exact = networks.draw(*given), networks.warp_decode(*given)["out"]
    assert drawn.shape == (3, 64, 64, 3) and drawn.dtype == torch.uint8
    assert torch.equal(drawn, (exact * 255).byte().permute(0, 2, 3, 1))


def test_networks_are_built_once_and_when_first_used():
    checkpoints, compiled = Random(), []
    networks = FusedOfficial(checkpoints, compiler=lambda network: compiled.append(type(network).__name__) or network)
    assert not checkpoints.built
    for _ in range(2):
        networks.warp_decode(*arguments())
    assert checkpoints.built == [(WarpingNetwork, "warping_module"), (SPADEDecoder, "spade_generator")]
    assert compiled == ["FusedWarping", "FusedGenerator"]


def test_both_are_built_before_one_runs(monkeypatch):
    """Else G's weights would lie amid the memory that W needs for its intermediate results."""
    checkpoints, happened = Random(), []
    build, run = checkpoints.build, FusedWarping.forward
    object.__setattr__(checkpoints, "build", lambda *given: happened.append(f"build {given[1]}") or build(*given))
    monkeypatch.setattr(FusedWarping, "forward", lambda *given: happened.append("run W") or run(*given))
    FusedOfficial(checkpoints).warp_decode(*arguments())
    assert happened == ["build warping_module", "build spade_generator", "run W"]


def test_spectral_norm_is_folded_first():
    checkpoints = Random()
    network = checkpoints.build(SPADEDecoder, "spade_generator")
    assert hasattr(network.up_0.conv_0, "weight_orig")
    networks = FusedOfficial(SimpleNamespace(device=torch.device("cpu"), build=lambda *_: network))
    assert networks._generator
    assert not hasattr(network.up_0.conv_0, "weight_orig")


@pytest.mark.parametrize(
    ("precision", "warping", "middle", "up"),
    [
        (torch.float32, torch.float32, torch.float32, torch.float32),
        (torch.bfloat16, torch.float32, torch.float32, torch.bfloat16),
        (torch.float16, torch.float16, torch.float16, torch.float16),
    ],
)
def test_precision(precision, warping, middle, up):
    """bfloat16 is for what draws, not for what decides where to sample."""
    networks = FusedOfficial(Random(), precision)
    assert networks._warping.third.weight.dtype == warping
    assert networks._generator.middle_dtype == middle
    assert networks._generator.dtype == up


@pytest.mark.parametrize(("precision", "exact"), [(torch.bfloat16, torch.float32), (torch.float16, torch.float16)])
def test_where_float32_has_to_be_exact(precision, exact, monkeypatch):
    asked: list[tuple[torch.device, torch.dtype]] = []
    monkeypatch.setattr(official, "exact_float32", lambda *given: asked.append(given) or nullcontext())
    networks = FusedOfficial(Random(), precision)
    vars(networks).update({"_warping": FakeWarping(), "_generator": nn.Identity()})
    networks.warp_decode(*arguments())
    assert asked == [(torch.device("cpu"), exact)]


def test_what_goes_out_is_float32():
    result = FusedOfficial(Random(), torch.bfloat16).warp_decode(*arguments())
    assert {value.dtype for value in result.values()} == {torch.float32}
    assert result["out"].shape == (3, 3, 64, 64)


def test_one_volume_serves_all_frames():
    networks = FusedOfficial(Random())
    fakes = {"_warping": FakeWarping(), "_generator": nn.Identity()}
    vars(networks).update(fakes)  # where cached properties keep their value
    features, x_s, x_d = arguments()
    result = networks.warp_decode(features, x_s, x_d)
    volume, kp_driving, kp_source = networks._warping.asked
    assert volume is features.volume
    assert torch.equal(kp_driving, x_d) and torch.equal(kp_source, x_s.expand(3, -1, -1))
    assert set(result) == {"out", "deformation"}  # this W makes no occlusion map
