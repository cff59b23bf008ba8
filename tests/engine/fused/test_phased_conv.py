import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from src.engine.fused import phased_conv
from src.engine.fused.phased_conv import PhasedConv
from src.engine.fused.tile_conv import TileConv
from src.engine.fused.tiling import PHASED, QUADRUPLED
from tests.engine.fused.compared import assert_same, last, normal


def whole(conv, x):
    """All strips together, which must come in order and leave no row out."""
    strips = list(conv.strips(x))
    assert [rows.start for rows, _ in strips] == [0, *(rows.stop for rows, _ in strips[:-1])]
    return torch.cat([strip for _, strip in strips], dim=1)


@settings(deadline=None, max_examples=50)
@given(height=st.integers(1, 7), width=st.integers(1, 7))
def test_stands_for_the_enlarged_map(height, width):
    x, weight, bias = normal(2, 5, height, width), normal(7, 5, 3, 3), normal(7)
    head, head_bias = normal(4, 7, 3, 3), normal(4)
    large = F.conv2d(F.interpolate(x, scale_factor=4), weight, bias, padding=1)
    phases = TileConv(weight, bias, QUADRUPLED, torch.float64)(last(x))
    assert phases.shape == (2, 3 * height, 3 * width, 7)
    expected = last(F.conv2d(large, head, head_bias, padding=1))
    assert_same(whole(PhasedConv(head, head_bias, torch.float64), phases), expected)


@pytest.mark.parametrize("rows", [1, 2, 16])
def test_strip_by_strip(rows, monkeypatch):
    monkeypatch.setattr(phased_conv, "_ROWS", rows)
    x, weight, bias = normal(2, 15, 9, 5), normal(7, 5, 3, 3), normal(7)
    conv = PhasedConv(weight, bias, torch.float64)
    assert len(list(conv.strips(x))) == -(-5 // rows)
    assert_same(whole(conv, x), TileConv(weight, bias, PHASED, torch.float64)(x))


def test_its_precision():
    x, weight, bias = (t.bfloat16() for t in (normal(1, 6, 6, 16), normal(8, 16, 3, 3) / 12, normal(8)))
    actual = whole(PhasedConv(weight, bias, torch.bfloat16), x)
    assert actual.dtype == torch.bfloat16
    exact = whole(PhasedConv(weight.double(), bias.double(), torch.float64), x.double())
    torch.testing.assert_close(actual.double(), exact, rtol=0.02, atol=0.02)


def test_its_device():
    """The kernels are made where the weights are."""
    conv = PhasedConv(torch.zeros(8, 16, 3, 3, device="meta"), torch.zeros(8, device="meta"), torch.float16)
    assert {(value.device.type, value.dtype) for value in conv.state_dict().values()} == {("meta", torch.float16)}
