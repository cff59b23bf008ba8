"""What the engines of both models share."""

import numpy as np
import pytest
import torch

from src.engine.base import BaseEngine
from src.engine.checkpoints import Checkpoints
from src.engine.compiling import Compiler
from src.engine.engine import SourceFeatures
from src.engine.steady_batches import SteadyBatches
from src.errors import InputError

POSES = torch.tensor([7.0, 8.0])[:, None, None].expand(2, 21, 3)


class Recorded:
    """Networks that note the sizes of their batches, and show in each picture which pose it is of."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def warp_decode(self, features, x_s, x_d):
        assert not torch.is_grad_enabled()
        self.sizes.append(len(x_d))
        return {"out": x_d[:, :1, :1, None].expand(-1, 3, 4, 4)}

    def draw(self, features, x_s, x_d):
        return self.warp_decode(features, x_s, x_d)["out"].movedim(1, -1).byte()


class Engine(BaseEngine):
    def __init__(self, warps_picture: bool, batches: SteadyBatches | None = None) -> None:
        super().__init__(Checkpoints({}, {}, torch.device("cpu")), Recorded(), batches)
        self.warps_picture = warps_picture


def features(with_picture: bool) -> SourceFeatures:
    return SourceFeatures(torch.zeros(1, 2, 2, 2, 2), torch.zeros(1, 3, 4, 4) if with_picture else None)


def test_the_networks_can_be_had_and_not_replaced():
    engine = Engine(False)
    assert isinstance(engine.networks, Recorded)
    with pytest.raises(AttributeError):
        engine.networks = None


@pytest.mark.parametrize("warps_picture", [False, True])
def test_pictures(warps_picture):
    engine = Engine(warps_picture)
    (out,) = engine.warp_decode(features(warps_picture), POSES[:1], POSES).values()
    assert out.shape == (2, 3, 4, 4)
    drawn = engine.draw(features(warps_picture), POSES[:1], POSES)
    assert isinstance(drawn, np.ndarray) and drawn.shape == (2, 4, 4, 3) and drawn[:, 0, 0, 0].tolist() == [7, 8]


def test_what_fills_a_batch_is_not_given_back():
    engine = Engine(False, SteadyBatches(Compiler(torch.device("cpu"))))
    given = features(False), POSES[:1]
    engine.draw(*given, POSES.repeat(2, 1, 1))
    assert engine.draw(*given, POSES)[:, 0, 0, 0].tolist() == [7, 8]
    assert engine.warp_decode(*given, POSES)["out"][:, 0, 0, 0].tolist() == [7, 8]
    assert engine.networks.sizes == [4, 4, 4]


@pytest.mark.parametrize("warps_picture", [False, True])
@pytest.mark.parametrize("method", ["warp_decode", "draw"])
def test_features_of_another_model(warps_picture, method):
    with pytest.raises(InputError, match="of another model"):
        getattr(Engine(warps_picture), method)(features(not warps_picture), POSES[:1], POSES)
