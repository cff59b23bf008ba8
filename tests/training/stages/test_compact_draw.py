"""Networks on a batch: what G is given, and the picture that is made of what it returns."""

import pytest
import torch
from torch import nn

from src.config.model_config import load_model_config
from src.training.stages.compact import compact_networks
from src.training.stages.compact_draw import generate, pairs, warp
from tests.tolerances import FLOAT32

SOURCES, DRIVERS, PAIRS = 2, 3, 6


@pytest.fixture(scope="module")
def networks():
    torch.manual_seed(0)
    return compact_networks(load_model_config("compact")).eval()


@pytest.fixture
def batch(request):
    size = getattr(request, "param", 128)
    torch.manual_seed(1)
    kp = torch.rand(SOURCES, 1 + DRIVERS, 21, 3) - 0.5
    smooth = nn.functional.interpolate(torch.rand(SOURCES * (1 + DRIVERS), 3, 8, 8), size=size, mode="bilinear")
    pictures = smooth.unflatten(0, (SOURCES, 1 + DRIVERS))  # (S, 1 + D, 3, size, size)
    return {
        "source": pictures[:, 0],
        "driving": pictures[:, 1:],
        "kp_source": kp[:, 0],
        "kp_driving": kp[:, 1:],
    }


def test_pairs_are_the_drivers_of_one_source_after_another(batch):
    sources, drivers = pairs(batch)
    assert sources.shape == drivers.shape == (PAIRS, 3, 128, 128)
    assert torch.equal(sources[DRIVERS], batch["source"][1])
    assert torch.equal(drivers[DRIVERS + 1], batch["driving"][1, 1])


@pytest.mark.parametrize("batch", [128, 192], indirect=True)
def test_each_pair_is_warped_as_if_it_were_alone(networks, batch):
    size = batch["source"].shape[-1]
    with torch.no_grad():
        warped = warp(networks, batch)
        last = {name: batch[name][1:] for name in ("source", "kp_source")}
        alone = warp(networks, {**last, "kp_driving": batch["kp_driving"][1:, -1:]})
    assert warped.picture.shape == (PAIRS, 3, size, size)
    assert warped.small.shape == (PAIRS, 3, 128, 128)
    assert torch.equal(warped.kp_source[DRIVERS:], batch["kp_source"][1].expand(DRIVERS, 21, 3))
    for found, expected in zip(alone[:4], warped[:4], strict=True):
        assert torch.allclose(found[0], expected[-1], atol=FLOAT32["blocks"].rel * float(expected.abs().max()))


def test_keypoints_that_do_not_move_leave_the_picture_as_it_is(networks, batch):
    still = {**batch, "kp_driving": batch["kp_source"][:, None].expand(SOURCES, DRIVERS, 21, 3)}
    with torch.no_grad():
        warped = warp(networks, still)
    sources, _ = pairs(still)
    assert torch.allclose(warped.picture, sources, atol=FLOAT32["blocks"].rel)


class Paints(nn.Module):
    """Stands in for G: keeps what it is given, and returns a residual and paint of one value each."""

    def forward(self, feature, *inputs):
        self.feature = feature
        return torch.full_like(inputs[0], 0.1), torch.full_like(inputs[0], 0.7)


def test_dropout_hides_channels_of_the_feature(networks, batch):
    generator = Paints()
    with torch.no_grad():
        warped = warp(networks, batch)
        drawn = generate(generator, warped)
        assert torch.equal(generator.feature, warped.feature)
        generate(generator, warped, dropout=0.5)
    assert torch.equal(drawn.warped, warped.picture) and torch.equal(drawn.flow, warped.flow)
    assert not torch.equal(drawn.picture, warped.picture)
    hidden = (generator.feature == 0).flatten(2).all(2)
    assert 0 < hidden.float().mean() < 1
    assert torch.equal(generator.feature[~hidden], 2 * warped.feature[~hidden])
