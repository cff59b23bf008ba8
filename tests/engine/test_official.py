"""The engine of the official layout without its large networks; numbers: tests/test_live_portrait_wrapper_base.py."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from src.engine.checkpoints import Checkpoints
from src.engine.engine import SourceFeatures
from src.engine.official import OfficialEngine
from src.errors import InputError, NoFaceError

HEADS = {"pitch": 66, "yaw": 66, "roll": 66, "t": 3, "exp": 63, "scale": 1, "kp": 63}


class FakeExtractor(nn.Module):
    """Stands in for M: heads that depend on the mean of a picture."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        mean = x.mean((1, 2, 3))[:, None]
        return {name: mean * torch.linspace(0.5, 1.5, n) for name, n in HEADS.items()}


class FakeWarping(nn.Module):
    """Stands in for W: remembers what it was asked."""

    def forward(self, feature_3d: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor | None]:
        self.asked = feature_3d, kp_driving, kp_source
        return {"out": kp_driving.half(), "occlusion_map": None, "deformation": kp_source}


@pytest.fixture
def engine() -> OfficialEngine:
    engine = OfficialEngine("base", Checkpoints({}, {}, torch.device("cpu")))
    fakes = {"_motion": FakeExtractor(), "_warping": FakeWarping(), "_generator": nn.Identity()}
    vars(engine).update(fakes)  # where cached properties keep their value
    return engine


def on(device: str, half: bool) -> OfficialEngine:
    return OfficialEngine("base", Checkpoints({}, {}, torch.device(device)), half)


@pytest.mark.parametrize(
    ("device", "half", "expected"),
    [("cuda", True, True), ("cuda:1", True, True), ("cuda", False, False), ("cpu", True, False), ("mps", True, False)],
)
def test_half_precision_is_for_cuda_alone(device, half, expected, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "autocast", lambda *args: asked.append(args) or nullcontext())
    with on(device, half)._precision():
        pass
    assert asked == ([("cuda", torch.float16)] if expected else [])


def test_networks_run_in_that_precision_and_give_float32(engine, monkeypatch):
    inside = []

    class Precision(nullcontext):
        def __enter__(self):
            inside.append(True)

        def __exit__(self, *error):
            inside.pop()

    def watched(network: nn.Module) -> nn.Module:
        network.register_forward_pre_hook(lambda *_: seen.append(bool(inside)))
        return network

    seen: list[bool] = []
    monkeypatch.setattr(engine, "_precision", Precision)
    vars(engine)["_appearance"] = watched(nn.Identity())
    for name in ("_motion", "_warping", "_generator"):
        watched(getattr(engine, name))
    features = engine.encode_source(torch.zeros(1, 3, 2, 2).half())
    info = engine.get_kp_info(torch.zeros(2, 3, 4, 4))
    result = engine.warp_decode(features, torch.zeros(1, 21, 3), torch.zeros(2, 21, 3))
    assert seen == [True] * 4
    assert {value.dtype for value in (features.volume, *info.values(), *result.values())} == {torch.float32}


def test_batch_size_suits_the_device():
    assert on("cuda", True).batch_size > on("cpu", True).batch_size >= 1


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (100, 180), (1, 1)])
def test_prepare(engine, size):
    pictures = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    prepared = engine.prepare(pictures)
    assert prepared.shape == (2, 3, 256, 256) and prepared.dtype == torch.float32
    assert prepared.min() >= 0 and prepared.max() <= 1
    if size == (256, 256):
        assert torch.equal(prepared, torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255)


def test_prepare_does_not_touch_the_pictures(engine):
    pictures = np.full((1, 256, 256, 3), 200, np.uint8)
    engine.prepare(pictures).zero_()
    assert (pictures == 200).all()


def test_raw_and_refined_heads(engine):
    pictures = torch.rand(3, 3, 4, 4)
    raw, refined = engine.get_kp_info(pictures, refine=False), engine.get_kp_info(pictures)
    assert {name: tuple(value.shape) for name, value in raw.items()} == {name: (3, n) for name, n in HEADS.items()}
    assert refined["yaw"].shape == (3, 1) and refined["kp"].shape == refined["exp"].shape == (3, 21, 3)


def test_the_recorder_joins_batches(engine):
    pictures = torch.rand(5, 3, 4, 4)
    recorder = engine.record_motion()
    recorder.add(pictures[:2])
    recorder.add(pictures[2:])
    motion, whole = recorder.motion(), engine.get_motion(pictures)
    assert len(motion) == 5 and recorder.shown == [True] * 5
    for name in ("kp", "R", "exp", "t", "scale"):
        assert torch.equal(getattr(motion, name), getattr(whole, name))


def test_the_recorder_reads_pictures_alone(engine):
    with pytest.raises(NotImplementedError):
        engine.record_motion().add_meshes(np.zeros((3, 478, 3)))
    with pytest.raises(NoFaceError, match="no frame with a face"):
        engine.record_motion().motion()


def test_sources_are_encoded_in_a_batch(engine):
    vars(engine)["_appearance"] = nn.AdaptiveAvgPool2d(2)
    pictures = torch.rand(4, 3, 8, 8)
    features = engine.encode_source(pictures)
    assert len(features) == 4 and torch.equal(features[[2]].volume, engine.encode_source(pictures[2:3]).volume)
    assert features[1:].picture is None and features[1:].is_grey is None


def test_one_source_serves_all_frames(engine):
    features, x_s = SourceFeatures(torch.rand(1, 2, 1, 4, 4)), torch.rand(1, 21, 3)
    x_d = torch.rand(3, 21, 3)
    result = engine.warp_decode(features, x_s, x_d)
    volume, kp_driving, kp_source = engine._warping.asked
    assert volume.shape == (3, 2, 1, 4, 4) and torch.equal(volume[2], features.volume[0])
    assert torch.equal(kp_driving, x_d) and torch.equal(kp_source, x_s.expand(3, -1, -1))
    assert set(result) == {"out", "deformation"}  # this W makes no occlusion map


def test_a_source_per_frame(engine):
    features, x_s = SourceFeatures(torch.rand(3, 2, 1, 4, 4)), torch.rand(3, 21, 3)
    engine.warp_decode(features, x_s, torch.rand(3, 21, 3))
    volume, _, kp_source = engine._warping.asked
    assert torch.equal(volume, features.volume) and torch.equal(kp_source, x_s)


def test_features_of_another_model(engine):
    features = SourceFeatures(torch.rand(1, 2, 1, 4, 4), torch.rand(1, 3, 8, 8))
    with pytest.raises(InputError, match="another model"):
        engine.warp_decode(features, torch.rand(1, 21, 3), torch.rand(1, 21, 3))


def test_networks_are_built_once_and_spectral_norm_is_folded(monkeypatch):
    folded, built = [], []
    monkeypatch.setattr("src.engine.official.fold_spectral_norm", folded.append)
    checkpoints = SimpleNamespace(device=torch.device("cpu"), build=lambda network, name: built.append(name) or name)
    engine = OfficialEngine("base", checkpoints, compiler=lambda name: f"compiled {name}" if folded else f"fast {name}")
    for _ in range(2):
        assert (engine._appearance, engine._motion) == ("appearance_feature_extractor", "motion_extractor")
        # G is compiled after its spectral norm is gone
        assert (engine._warping, engine._generator) == ("fast warping_module", "compiled spade_generator")
    assert len(built) == 4 and folded == ["spade_generator"]  # each once
