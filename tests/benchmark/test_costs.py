"""Counted multiply-adds and parameters against numbers known from elsewhere."""

import pytest
import torch
from torch import nn

from src.benchmark.costs import counted_macs, parameter_counts
from src.config.model_config import load_model_config
from src.modules.appearance_feature_extractor import AppearanceFeatureExtractor


@pytest.mark.parametrize(
    ("layer", "shape", "macs"),
    [
        (nn.Conv2d(3, 8, 3, padding=1), (2, 3, 10, 10), 2 * 8 * 100 * 27),
        (nn.Conv2d(8, 8, 3, padding=1, groups=8), (1, 8, 10, 10), 8 * 100 * 9),
        (nn.Conv3d(2, 4, 3, padding=1), (1, 2, 4, 5, 6), 4 * 120 * 54),
        (nn.Linear(7, 5), (3, 7), 105),
        (nn.BatchNorm2d(3).eval(), (1, 3, 4, 4), 0),
    ],
    ids=lambda value: type(value).__name__,
)
@torch.no_grad()
def test_macs_of_a_layer(layer, shape, macs):
    with counted_macs() as count:
        nn.Sequential(layer)(torch.zeros(shape))
    assert count.macs == macs
    layer(torch.zeros(shape))
    assert count.macs == macs  # nothing is counted behind the block


@torch.no_grad()
def test_macs_of_f():
    """Spec: networks, section 8."""
    with torch.device("meta"):
        network = AppearanceFeatureExtractor(**load_model_config("base")["appearance_feature_extractor_params"]).eval()
        with counted_macs() as count:
            network(torch.zeros(1, 3, 256, 256))
    assert count.macs / 1e9 == pytest.approx(32.06, abs=0.01)


def test_parameters_are_the_official_ones():
    counts = parameter_counts(load_model_config("base"))
    assert counts == {"F": 836_224, "M": 28_118_728, "W": 45_529_829, "G": 55_365_388, "S+R": 227_263}
