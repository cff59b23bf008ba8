"""The whole W, tiny and in float64, against the plain one."""

import pytest
import torch

from src.engine.fused import tile_conv
from src.engine.fused.warping import FusedWarping
from src.modules.warping_network import WarpingNetwork
from tests.engine.fused.compared import assert_same, last, normal, random_weights, tile_everything
from tests.tolerances import BFLOAT16

MOTION = {"block_expansion": 4, "num_blocks": 2, "max_features": 12, "reshape_depth": 4, "compress": 2}
TINY = {"num_kp": 5, "block_expansion": 3, "max_features": 12, "num_down_blocks": 1, "reshape_channel": 3}


def given(sources=1, frames=3, size=(8, 12), motion=None, **params):
    network = random_weights(WarpingNetwork({**MOTION, **(motion or {})}, **{**TINY, **params}))
    return network, normal(sources, 3, 4, *size), normal(frames, 5, 3), normal(frames, 5, 3)


def check(network, volume, kp_driving, kp_source):
    frames, before = len(kp_driving), volume.clone()
    expected = network(volume.expand(frames, -1, -1, -1, -1), kp_driving=kp_driving, kp_source=kp_source)
    expected = {name: last(value) if name == "out" else value for name, value in expected.items() if value is not None}
    actual = FusedWarping(network, torch.float64)(volume, kp_driving, kp_source)
    assert set(actual) == set(expected)
    for name, value in actual.items():
        assert_same(value, expected[name])
    assert torch.equal(volume, before)


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize(("sources", "frames"), [(1, 1), (1, 3), (3, 3)])
@pytest.mark.parametrize("size", [(8, 8), (12, 4), (4, 20)])
def test_the_same_feature_map(tiled, sources, frames, size, monkeypatch):
    if tiled:
        tile_everything(monkeypatch)
    check(*given(sources, frames, size))


def test_strip_by_strip(monkeypatch):
    tile_everything(monkeypatch)
    monkeypatch.setattr(tile_conv, "_STRIP_BYTES", 0)
    check(*given())


@pytest.mark.parametrize(
    "params",
    [
        {"flag_use_occlusion_map": False},
        {"estimate_occlusion_map": False},
        {"third_slope": 0.2, "third_kernel": 1},
        {"num_down_blocks": 2},
    ],
)
def test_other_definitions(params):
    check(*given(**params))


def test_moved_out_of_the_volume():
    network, volume, kp_driving, kp_source = given()
    check(network, volume, kp_driving + torch.tensor([30.0, 0, -30], dtype=torch.float64), kp_source)


def test_positions_are_float32_at_least():
    network, volume, kp_driving, kp_source = given()
    exact = FusedWarping(network, torch.float64)(volume, kp_driving, kp_source)
    network, volume, kp_driving, kp_source = (x.float() for x in (network, volume, kp_driving, kp_source))
    actual = FusedWarping(network, torch.bfloat16)(volume, kp_driving, kp_source)
    assert {name: value.dtype for name, value in actual.items()} == {
        "out": torch.bfloat16,
        "deformation": torch.float32,
        "occlusion_map": torch.float32,
    }
    assert (actual["out"] - exact["out"]).square().mean() < BFLOAT16["warp"].rel * exact["out"].square().mean()
