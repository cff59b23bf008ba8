import pytest
import torch
import torch.nn.functional as F

from src.engine.fused.cells import cells
from src.engine.fused.plane_conv import DirectConv
from src.engine.fused.spade import heads, modulate, normalised, shared, shortcut, shortcut_heads
from src.modules.blocks import SPADE
from tests.engine.fused.compared import assert_same, last, normal, random_weights
from tests.tolerances import BFLOAT16

SLOPE = 0.2


class InStrips(DirectConv):
    """Gives its output in strips of some rows, the last one perhaps lower, cut into tiles."""

    rows, side = 4, 1

    def strips(self, x):
        out = self(x)
        for first in range(0, out.shape[1], self.rows):
            last_row = min(first + self.rows, out.shape[1])
            yield slice(first, last_row), cells(out[:, first:last_row], self.side)


class InTiles(InStrips):
    side = 4


@pytest.fixture
def spade() -> SPADE:
    return random_weights(SPADE(norm_nc=6, label_nc=3, hidden=5))


def test_normalised():
    x = 3 * normal(2, 4, 6, 7) + 5
    assert_same(normalised(last(x), torch.float64), last(F.instance_norm(x)))


def test_normalised_before_it_is_enlarged():
    x = normal(2, 4, 6, 7)
    enlarged = last(F.interpolate(x, scale_factor=2))
    small = normalised(last(x), torch.float64)
    assert_same(small.repeat_interleave(2, 1).repeat_interleave(2, 2), normalised(enlarged, torch.float64))


def test_normalised_leaves_its_input():
    x = normal(1, 3, 4, 2)
    before = x.clone()
    normalised(x, torch.float64)
    assert torch.equal(x, before)


def test_statistics_are_float32_at_least():
    x = (normal(1, 64, 64, 2) + 100).bfloat16()
    actual = normalised(x, torch.bfloat16)
    assert actual.dtype == torch.bfloat16
    expected = normalised(x.double(), torch.float64)
    assert (actual - expected).abs().max() < BFLOAT16["rounded"].rel * expected.abs().max()


def test_a_constant_map_is_normalised_to_zeros():
    assert not normalised(torch.full((1, 4, 4, 2), 3.0), torch.float32).any()


def test_shared_layers_stand_side_by_side(spade):
    other, label = random_weights(SPADE(norm_nc=2, label_nc=3, hidden=4)), normal(2, 3, 6, 5)
    both = F.conv2d(label, *shared([spade, other]), padding=1).relu()
    assert_same(both, torch.cat([spade.mlp_shared(label), other.mlp_shared(label)], dim=1))


def hidden_and_map(spade, factor):
    """A label, the map it goes with, and that map as small as it is before it is enlarged by a factor."""
    label, x = normal(2, 3, 8, 12), normal(2, 6, 8 // factor, 12 // factor)
    return last(spade.mlp_shared(label)), label, F.interpolate(x, scale_factor=factor), normalised(last(x), x.dtype)


@pytest.mark.parametrize("factor", [1, 2, 4])
@pytest.mark.parametrize("kind", [DirectConv, InStrips, InTiles])
def test_modulate(spade, factor, kind):
    hidden, label, x, small = hidden_and_map(spade, factor)
    actual = modulate(kind(*heads(spade), torch.float64), hidden, small, SLOPE)
    assert_same(actual, last(F.leaky_relu(spade(x, label), SLOPE)))


def test_modulate_where_the_last_strip_is_lower(spade):
    label, x = normal(2, 3, 7, 5), normal(2, 6, 7, 5)
    hidden, conv = last(spade.mlp_shared(label)), InStrips(*heads(spade), torch.float64)
    assert_same(modulate(conv, hidden, normalised(last(x), x.dtype), SLOPE), last(F.leaky_relu(spade(x, label), SLOPE)))


@pytest.mark.parametrize("factor", [1, 2, 4])
@pytest.mark.parametrize("kind", [DirectConv, InStrips, InTiles])
def test_shortcut(spade, factor, kind):
    hidden, label, x, small = hidden_and_map(spade, factor)
    weight = normal(2, 6, 1, 1)
    conv = kind(*shortcut_heads(spade, weight), torch.float64)
    actual = shortcut(conv, weight.flatten(1).T.contiguous(), hidden, small)
    assert_same(actual, last(F.conv2d(spade(x, label), weight)))
