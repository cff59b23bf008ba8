import pytest
import torch
import torch.nn.functional as F

from src.engine.fused.plane_conv import DirectConv, plane_conv
from src.engine.fused.tile_conv import TileConv
from tests.engine.fused.compared import assert_same, last, normal
from tests.tolerances import FLOAT32


@pytest.mark.parametrize("kernel", [1, 3])
def test_direct(kernel):
    x, weight, bias = normal(2, 5, 6, 9), normal(7, 5, kernel, kernel), normal(7)
    conv, expected = DirectConv(weight, bias, torch.float64), last(F.conv2d(x, weight, bias, padding=kernel // 2))
    assert_same(conv(last(x)), expected)
    [(rows, tiles)] = conv.strips(last(x))
    assert rows == slice(0, 6)
    assert_same(tiles, expected[:, :, None, :, None])


@pytest.mark.parametrize(
    ("inputs", "outputs", "dtype", "device", "kind"),
    [
        (128, 128, torch.float32, "cpu", TileConv),
        (127, 512, torch.float32, "cpu", DirectConv),
        (512, 127, torch.float32, "cpu", DirectConv),
        (128, 128, torch.float64, "cpu", DirectConv),
        (128, 128, torch.bfloat16, "cpu", DirectConv),
        (128, 128, torch.float32, "meta", DirectConv),  # stands for any device with a library of its own
    ],
)
def test_the_faster_one(inputs, outputs, dtype, device, kind):
    weight, bias = (torch.zeros(*shape, device=device) for shape in ((outputs, inputs, 3, 3), (outputs,)))
    conv = plane_conv(weight, bias, dtype)
    assert type(conv) is kind
    assert {(buffer.dtype, buffer.device.type) for buffer in conv.buffers()} == {(dtype, device)}


def test_both_give_the_same():
    x = last(normal(2, 128, 6, 5, dtype=torch.float32))
    weight, bias = normal(128, 128, 3, 3, dtype=torch.float32) / 34, normal(128, dtype=torch.float32)
    expected = DirectConv(weight, bias, torch.float32)(x)
    assert (plane_conv(weight, bias, torch.float32)(x) - expected).square().mean().sqrt() < FLOAT32["tiled"].abs
