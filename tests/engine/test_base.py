"""What the engines of both models share."""

import numpy as np
import pytest
import torch

from src.engine.base import BaseEngine
from src.engine.checkpoints import Checkpoints
from src.engine.engine import SourceFeatures
from src.errors import InputError

POSES = torch.zeros(2, 21, 3)


class Recorded:
    """Networks that tell whether gradients are kept."""

    def warp_decode(self, features, x_s, x_d):
        return {"out": torch.zeros(len(x_d), 3, 4, 4), "grad": torch.is_grad_enabled()}

    def draw(self, features, x_s, x_d):
        assert not torch.is_grad_enabled()
        return torch.full((len(x_d), 4, 4, 3), 7, dtype=torch.uint8)


class Engine(BaseEngine):
    def __init__(self, warps_picture: bool) -> None:
        super().__init__(Checkpoints({}, {}, torch.device("cpu")), Recorded())
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
    assert engine.warp_decode(features(warps_picture), POSES[:1], POSES)["grad"] is False
    drawn = engine.draw(features(warps_picture), POSES[:1], POSES)
    assert isinstance(drawn, np.ndarray) and drawn.shape == (2, 4, 4, 3) and (drawn == 7).all()


@pytest.mark.parametrize("warps_picture", [False, True])
@pytest.mark.parametrize("method", ["warp_decode", "draw"])
def test_features_of_another_model(warps_picture, method):
    with pytest.raises(InputError, match="of another model"):
        getattr(Engine(warps_picture), method)(features(not warps_picture), POSES[:1], POSES)
