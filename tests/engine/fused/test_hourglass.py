import pytest
import torch

from src.engine.fused import tile_conv
from src.engine.fused.hourglass import FusedHourglass
from src.modules.blocks import Hourglass
from tests.engine.fused.compared import assert_same, last, normal, random_weights, tile_everything
from tests.tolerances import BFLOAT16

ORDER = torch.tensor([4, 0, 3, 1])  # channel 2 is always zero


def given(num_blocks, size, batch=2):
    """A network, its plain input, and the channels of it that come."""
    network = random_weights(Hourglass(4, 5, num_blocks, max_features=12))
    x = normal(batch, 5, *size)
    x[:, 2] = 0
    return network, x, last(x)[..., ORDER]


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize(
    ("num_blocks", "size"), [(1, (1, 2, 6)), (1, (3, 10, 14)), (2, (4, 4, 12)), (3, (2, 24, 8)), (4, (2, 16, 16))]
)
def test_the_same_map(tiled, num_blocks, size, monkeypatch):
    if tiled:
        tile_everything(monkeypatch)
    network, x, ordered = given(num_blocks, size)
    before = ordered.clone()
    actual = FusedHourglass(network, ORDER, torch.float64)(ordered)
    assert_same(actual, network(x))
    assert actual.is_contiguous()
    assert torch.equal(ordered, before)


def test_strip_by_strip(monkeypatch):
    tile_everything(monkeypatch)
    monkeypatch.setattr(tile_conv, "_STRIP_BYTES", 0)
    network, x, ordered = given(2, (3, 12, 20))
    assert_same(FusedHourglass(network, ORDER, torch.float64)(ordered), network(x))


def test_all_channels_in_their_order():
    network = random_weights(Hourglass(4, 5, 2, max_features=12))
    x = normal(1, 5, 2, 8, 8)
    assert_same(FusedHourglass(network, torch.arange(5), torch.float64)(last(x)), network(x))


def test_its_precision():
    network, x, ordered = given(2, (2, 8, 8))
    actual = FusedHourglass(network, ORDER, torch.bfloat16)(ordered)
    assert actual.dtype == torch.bfloat16
    expected = network(x)
    assert (actual.double() - expected).square().mean() < BFLOAT16["hourglass"].rel * expected.square().mean()
