"""The engine of the official layout without its large networks; numbers: tests/test_live_portrait_wrapper_base.py."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from src.engine.checkpoints import Checkpoints
from src.engine.engine import SourceFeatures
from src.engine.official import OfficialEngine
from src.errors import InputError, NoFaceError

HEADS = {"pitch": 66, "yaw": 66, "roll": 66, "t": 3, "exp": 63, "scale": 1, "kp": 63}


class FakeNetworks:
    """Heads depend on the mean of a picture, features are small pictures, and what is drawn is the driver."""

    def motion(self, pictures: Tensor) -> dict[str, Tensor]:
        mean = pictures.mean((1, 2, 3))[:, None]
        return {name: mean * torch.linspace(0.5, 1.5, n) for name, n in HEADS.items()}

    def appearance(self, pictures: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(pictures, 2)

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        return {"out": x_d}

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        return x_d.byte()


@pytest.fixture
def engine() -> OfficialEngine:
    return on("cpu")


def on(device: str) -> OfficialEngine:
    return OfficialEngine("base", Checkpoints({}, {}, torch.device(device)), FakeNetworks())


def test_batch_size_suits_the_device():
    assert on("cuda").batch_size > on("cpu").batch_size >= 1


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
    pictures = torch.rand(4, 3, 8, 8)
    features = engine.encode_source(pictures)
    assert len(features) == 4 and torch.equal(features[[2]].volume, engine.encode_source(pictures[2:3]).volume)
    assert features[1:].picture is None and features[1:].is_grey is None


def test_features_of_another_model(engine):
    features = SourceFeatures(torch.rand(1, 2, 1, 4, 4), torch.rand(1, 3, 8, 8))
    for use in (engine.warp_decode, engine.draw):
        with pytest.raises(InputError, match="another model"):
            use(features, torch.rand(1, 21, 3), torch.rand(1, 21, 3))


def test_pictures_are_handed_on(engine):
    features, x_s, x_d = SourceFeatures(torch.rand(1, 2, 1, 4, 4)), torch.rand(1, 21, 3), torch.rand(2, 21, 3) * 255
    assert torch.equal(engine.warp_decode(features, x_s, x_d)["out"], x_d)
    drawn = engine.draw(features, x_s, x_d)
    assert drawn.dtype == np.uint8 and np.array_equal(drawn, x_d.byte().numpy())
