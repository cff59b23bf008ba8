import pytest
import torch

from src.engine.fused import dense_motion, fourier_conv, tile_conv
from src.engine.fused.dense_motion import FusedDenseMotion
from src.engine.fused.separable import sample_shifted
from src.modules.dense_motion import DenseMotionNetwork
from tests.engine.fused.compared import assert_same, normal, random_weights, tile_everything

TINY = {
    "block_expansion": 4,
    "num_blocks": 2,
    "max_features": 12,
    "num_kp": 5,
    "feature_channel": 3,
    "reshape_depth": 4,
    "compress": 2,
}


def check(network, volume, kp_driving, kp_source):
    frames = len(kp_driving)
    expected = network(volume.expand(frames, *volume.shape[1:]), kp_driving, kp_source)
    before = volume.clone()
    actual = FusedDenseMotion(network, torch.float64)(volume, kp_driving, kp_source)
    assert set(actual) == set(expected) - {"mask"}
    for name, value in actual.items():
        assert_same(value, expected[name])
    assert torch.equal(volume, before)


def given(sources=1, frames=3, size=(4, 8, 12), **params):
    network = random_weights(DenseMotionNetwork(**{**TINY, **params}))
    return network, normal(sources, 3, *size), normal(frames, 5, 3), normal(frames, 5, 3)


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("sources", [1, 3])
@pytest.mark.parametrize("size", [(4, 8, 12), (4, 4, 20)])
def test_the_same_motion(tiled, sources, size, monkeypatch):
    if tiled:
        tile_everything(monkeypatch)
    check(*given(sources, size=size))


def test_where_to_read_is_not_rounded(monkeypatch):
    asked = []
    monkeypatch.setattr(dense_motion, "sample_shifted", lambda *both: asked.append(both) or sample_shifted(*both))
    network, *arguments = given()
    result = FusedDenseMotion(network.float(), torch.float32)(*(argument.float() for argument in arguments))
    ((volume, shift),) = asked
    assert volume.dtype == torch.float32 and shift.dtype == torch.float64
    assert {value.dtype for value in result.values()} == {torch.float32}


def test_several_strips_and_tiles(monkeypatch):
    tile_everything(monkeypatch)
    monkeypatch.setattr(tile_conv, "_STRIP_BYTES", 0)
    monkeypatch.setattr(fourier_conv, "_TILE", 10)
    check(*given(size=(4, 12, 20)))


@pytest.mark.parametrize(
    "params",
    [
        {"estimate_occlusion_map": False},
        {"mask_kernel": 3, "occlusion_kernel": 5},
        {"mask_kernel": 5, "occlusion_kernel": 1},
        {"compress": 1, "num_blocks": 1, "kp_variance": 0.1},
    ],
)
def test_other_definitions(params):
    check(*given(**params))


def test_another_depth():
    check(*given(size=(2, 8, 8), reshape_depth=2))


@pytest.mark.parametrize("case", ["still", "far", "one place"])
def test_extreme_keypoints(case):
    network, volume, kp_driving, kp_source = given()
    kp_driving = {"still": kp_source, "far": kp_driving + 50, "one place": torch.zeros_like(kp_driving)}[case]
    check(network, volume, kp_driving, kp_source)


def test_nothing_moves_where_no_keypoint_does():
    network, volume, _, kp = given()
    deformation = FusedDenseMotion(network, torch.float64)(volume, kp, kp)["deformation"]
    assert torch.equal(deformation, deformation[:1].expand_as(deformation))
    assert torch.equal(deformation[0, 0, 0, 0], torch.tensor([-1.0, -1, -1]).double())
    assert torch.equal(deformation[0, -1, -1, -1], torch.tensor([1.0, 1, 1]).double())
