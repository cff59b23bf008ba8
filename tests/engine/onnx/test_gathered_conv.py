import pytest
import torch
import torch.nn.functional as F

from src.engine.fused.tiling import DOUBLED, PHASED, QUADRUPLED, WINOGRAD
from src.engine.onnx.gathered_conv import GatheredConv
from tests.tolerances import FLOAT32

SIZES = [(8, 8), (6, 10), (2, 2)]


def close(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    return ours.shape == theirs.shape and (ours - theirs).abs().max() <= FLOAT32["gathered"].rel * theirs.abs().max()


def weights(out: int, channels: int, dims: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(out, channels, *[3] * dims, dtype=torch.float64), torch.randn(out, dtype=torch.float64)


def run(conv: GatheredConv, x: torch.Tensor) -> torch.Tensor:
    return conv(x.movedim(1, -1).float()).movedim(-1, 1).double()


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("tiling", "factor"), [(WINOGRAD, 1), (DOUBLED, 2)])
def test_a_map(size, tiling, factor):
    weight, bias = weights(5, 7)
    x = torch.randn(2, 7, *size, dtype=torch.float64)
    wanted = F.conv2d(F.interpolate(x, scale_factor=float(factor)), weight, bias, padding=1)
    assert close(run(GatheredConv(weight, bias, tiling, size), x), wanted)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("tiling", "factor"), [(WINOGRAD, 1), (DOUBLED, 2)])
def test_a_volume(size, tiling, factor):
    weight, bias = weights(5, 7, 3)
    x = torch.randn(2, 7, 4, *size, dtype=torch.float64)
    wanted = F.conv3d(F.interpolate(x, scale_factor=(1.0, factor, factor)), weight, bias, padding=1)
    assert close(run(GatheredConv(weight, bias, tiling, size, 4), x), wanted)


@pytest.mark.parametrize("size", SIZES)
def test_two_convolutions_of_a_map_enlarged_four_times(size):
    (first, bias), (second, other) = weights(5, 7), weights(4, 5)
    x = torch.randn(2, 7, *size, dtype=torch.float64)
    wanted = F.conv2d(F.interpolate(x, scale_factor=4.0), first, bias, padding=1)
    wanted = F.conv2d(wanted, second, other, padding=1)
    small = run(GatheredConv(first, bias, QUADRUPLED, size), x)
    thrice = (3 * size[0], 3 * size[1])
    assert close(run(GatheredConv(second, other, PHASED, thrice), small), wanted)


def test_the_output_in_parts():
    weight, bias = weights(5, 7)
    x = torch.randn(2, 8, 8, 7)
    parts = GatheredConv(weight, bias, WINOGRAD, (8, 8), parts=[2, 3]).in_parts(x)
    assert [part.shape[-1] for part in parts] == [2, 3]
    assert close(torch.cat(parts, dim=-1), GatheredConv(weight, bias, WINOGRAD, (8, 8))(x))
