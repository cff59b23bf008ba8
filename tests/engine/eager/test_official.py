"""The official networks called as they are; numbers: tests/test_live_portrait_wrapper_base.py."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from src.engine.checkpoints import Checkpoints
from src.engine.eager.official import EagerOfficial
from src.engine.engine import SourceFeatures


class FakeWarping(nn.Module):
    """Stands in for W: remembers what it was asked."""

    def forward(self, feature_3d: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor | None]:
        self.asked = feature_3d, kp_driving, kp_source
        return {"out": kp_driving.half(), "occlusion_map": None, "deformation": kp_source}


class FakeExtractor(nn.Module):
    """Stands in for M."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"t": x.mean((2, 3)).half()}


def on(device: str, dtype: torch.dtype = torch.float32) -> EagerOfficial:
    return EagerOfficial(Checkpoints({}, {}, torch.device(device)), dtype)


@pytest.fixture
def networks() -> EagerOfficial:
    networks = on("cpu")
    fakes = {"_appearance": nn.Identity(), "_motion": FakeExtractor()}
    fakes |= {"_warping": FakeWarping(), "_generator": nn.Identity()}
    vars(networks).update(fakes)  # where cached properties keep their value
    return networks


@pytest.mark.parametrize(
    ("device", "dtype", "expected"),
    [
        ("cuda:1", torch.float16, [("cuda", torch.float16)]),
        ("cpu", torch.bfloat16, [("cpu", torch.bfloat16)]),
        ("cuda", torch.float32, []),
    ],
)
def test_precision_is_autocast(device, dtype, expected, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "autocast", lambda *args: asked.append(args) or nullcontext())
    with on(device, dtype)._precision(dtype):
        pass
    assert asked == expected


def test_networks_run_in_that_precision_and_give_float32(networks, monkeypatch):
    inside: list[bool] = []
    seen: list[bool] = []
    asked: list[torch.dtype] = []

    class Precision(nullcontext):
        def __init__(self, dtype):
            super().__init__()
            asked.append(dtype)

        def __enter__(self):
            inside.append(True)

        def __exit__(self, *error):
            inside.pop()

    monkeypatch.setattr(networks, "_precision", Precision)
    for name in ("_appearance", "_motion", "_warping", "_generator"):
        getattr(networks, name).register_forward_pre_hook(lambda *_: seen.append(bool(inside)))
    volume = networks.appearance(torch.zeros(1, 3, 2, 2).half())
    heads = networks.motion(torch.zeros(2, 3, 4, 4))
    result = networks.warp_decode(SourceFeatures(volume), torch.zeros(1, 21, 3), torch.zeros(2, 21, 3))
    assert seen == [True] * 4 and set(asked) == {torch.float32}
    assert {value.dtype for value in (volume, *heads.values(), *result.values())} == {torch.float32}


def test_keypoints_are_spared_bfloat16(monkeypatch):
    networks = on("cpu", torch.bfloat16)
    fakes = {"_appearance": nn.Conv2d(3, 1, 1), "_motion": FakeExtractor()}
    vars(networks).update(fakes | {"_warping": FakeWarping(), "_generator": nn.Identity()})
    asked: list[torch.dtype] = []
    monkeypatch.setattr(torch, "autocast", lambda kind, dtype: asked.append(dtype) or nullcontext())
    volume = networks.appearance(torch.rand(1, 3, 2, 2))
    networks.motion(torch.rand(1, 3, 4, 4))
    assert asked == []
    networks.warp_decode(SourceFeatures(volume), torch.zeros(1, 21, 3), torch.zeros(1, 21, 3))
    assert set(asked) == {torch.bfloat16}


def test_one_source_serves_all_frames(networks):
    features, x_s = SourceFeatures(torch.rand(1, 2, 1, 4, 4)), torch.rand(1, 21, 3)
    x_d = torch.rand(3, 21, 3)
    result = networks.warp_decode(features, x_s, x_d)
    volume, kp_driving, kp_source = networks._warping.asked
    assert volume.shape == (3, 2, 1, 4, 4) and torch.equal(volume[2], features.volume[0])
    assert torch.equal(kp_driving, x_d) and torch.equal(kp_source, x_s.expand(3, -1, -1))
    assert set(result) == {"out", "deformation"}  # this W makes no occlusion map


def test_a_source_per_frame(networks):
    features, x_s = SourceFeatures(torch.rand(3, 2, 1, 4, 4)), torch.rand(3, 21, 3)
    networks.warp_decode(features, x_s, torch.rand(3, 21, 3))
    volume, _, kp_source = networks._warping.asked
    assert torch.equal(volume, features.volume) and torch.equal(kp_source, x_s)


def test_networks_are_built_once_and_w_and_g_compiled():
    built: list[str] = []
    checkpoints = SimpleNamespace(device=torch.device("cpu"), build=lambda network, name: built.append(name) or name)
    networks = EagerOfficial(checkpoints, compiler=lambda name: f"fast {name}")
    for _ in range(2):
        assert (networks._appearance, networks._motion) == ("appearance_feature_extractor", "motion_extractor")
        assert (networks._warping, networks._generator) == ("fast warping_module", "fast spade_generator")
    assert len(built) == 4
