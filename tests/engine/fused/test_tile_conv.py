"""Tiled convolutions against plain ones of the maps that they stand for."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from src.engine.fused import tile_conv
from src.engine.fused.tile_conv import TileConv
from src.engine.fused.tiling import DOUBLED, PHASED, PHASED_DIFFERENCES, QUADRUPLED, WINOGRAD, Tiling
from tests.engine.fused.compared import assert_same, last, normal
from tests.tolerances import BFLOAT16, FLOAT32

TILINGS = {
    "WINOGRAD": WINOGRAD,
    "DOUBLED": DOUBLED,
    "QUADRUPLED": QUADRUPLED,
    "PHASED": PHASED,
    "PHASED_DIFFERENCES": PHASED_DIFFERENCES,
}
OF_PHASES = (PHASED, PHASED_DIFFERENCES)
every_tiling = pytest.mark.parametrize("tiling", TILINGS.values(), ids=TILINGS)


def enlarged(n: int, tiling: Tiling) -> Tensor:
    """Which cells of an axis stand side by side in the map that is convolved."""
    if tiling in OF_PHASES:
        return torch.tensor([3 * i + j for i in range(n // 3) for j in (0, 1, 1, 2)])
    return torch.arange(n).repeat_interleave({WINOGRAD: 1, DOUBLED: 2, QUADRUPLED: 4}[tiling])


def kept(n: int, tiling: Tiling) -> Tensor:
    """Which cells of the result are given."""
    cells = torch.arange(n)
    return cells[cells % 4 != 2] if tiling is QUADRUPLED else cells


def select(x: Tensor, cells, tiling: Tiling) -> Tensor:
    for axis in (-2, -1):
        x = x.index_select(axis, cells(x.shape[axis], tiling))
    return x


def plain(x: Tensor, weight: Tensor, bias: Tensor, tiling: Tiling) -> Tensor:
    convolve = F.conv2d if x.dim() == 4 else F.conv3d
    return last(select(convolve(select(x, enlarged, tiling), weight, bias, padding=1), kept, tiling))


def case(inputs: int, outputs: int, *size: int) -> tuple[Tensor, Tensor, Tensor]:
    """A map or volume (2, inputs, *size), a kernel and a bias."""
    return normal(2, inputs, *size), normal(outputs, inputs, *[3] * len(size)), normal(outputs)


@every_tiling
@settings(deadline=None, max_examples=50)
@given(
    cells=st.tuples(st.integers(1, 7), st.integers(1, 7)), channels=st.tuples(st.integers(1, 18), st.integers(1, 18))
)
def test_maps(tiling, cells, channels):
    height, width = (3 * n if tiling in OF_PHASES else n for n in cells)
    x, weight, bias = case(*channels, height, width)
    actual = TileConv(weight, bias, tiling, torch.float64)(last(x))
    assert_same(actual, plain(x, weight, bias, tiling))


@every_tiling
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_volumes(tiling, depth):
    x, weight, bias = case(5, 7, depth, 6, 9)
    assert_same(TileConv(weight, bias, tiling, torch.float64)(last(x)), plain(x, weight, bias, tiling))


@every_tiling
@pytest.mark.parametrize("size", [(9, 6), (3, 9, 6)])
@pytest.mark.parametrize("limit", [0, 40_000])
def test_strip_by_strip(tiling, size, limit, monkeypatch):
    monkeypatch.setattr(tile_conv, "_STRIP_BYTES", limit)
    x, weight, bias = case(5, 7, *size)
    conv, expected = TileConv(weight, bias, tiling, torch.float64), plain(x, weight, bias, tiling)
    strips = list(conv.strips(last(x)))
    assert len(strips) > 1 or limit
    assert [rows.start for rows, _ in strips[1:]] == [rows.stop for rows, _ in strips[:-1]]
    assert (strips[0][0].start, strips[-1][0].stop) == (0, expected.shape[-3])
    maps = [tiles.flatten(-3, -2).flatten(-4, -3) for _, tiles in strips]
    assert all(part.shape[-3] == rows.stop - rows.start for (rows, _), part in zip(strips, maps, strict=True))
    assert_same(torch.cat(maps, dim=-3), expected)
    assert_same(conv(last(x)), expected)


def test_views_are_read_as_they_are():
    """What comes in may be a slice of more channels, or lie the other way round."""
    x, weight, bias = case(5, 7, 6, 6)
    conv, expected = TileConv(weight, bias, WINOGRAD, torch.float64), plain(x, weight, bias, WINOGRAD)
    more = F.pad(last(x), (3, 2), value=9.0)
    for view in (x.movedim(1, -1), more[..., 3:8]):
        assert_same(conv(view), expected)
    assert (more[..., :3] == 9).all()


@every_tiling
def test_float32_is_accurate(tiling):
    x, weight, bias = case(64, 32, 12, 12)
    expected = plain(x, weight, bias, tiling)
    actual = TileConv(weight.float(), bias.float(), tiling, torch.float32)(last(x).float())
    assert actual.dtype == torch.float32
    rms = ((actual - expected).square().mean() / expected.square().mean()).sqrt()
    assert rms < FLOAT32["winograd" if tiling in (WINOGRAD, PHASED) else "differences"].rel


@pytest.mark.parametrize("tiling", [DOUBLED, QUADRUPLED, PHASED_DIFFERENCES])
def test_bfloat16_is_about_as_accurate_as_a_plain_convolution(tiling):
    x, weight, bias = (t.bfloat16() for t in case(64, 32, 12, 12))
    expected = plain(x.double(), weight.double(), bias.double(), tiling)
    errors = [
        (actual.double() - expected).square().mean().sqrt()
        for actual in (TileConv(weight, bias, tiling, torch.bfloat16)(last(x)), plain(x, weight, bias, tiling))
    ]
    assert errors[0] < BFLOAT16["tiled_by_plain"].rel * errors[1]
