import pytest
import torch
import torch.nn.functional as F

from src.engine.fused.tile_conv import TileConv
from src.engine.fused.volume_conv import DirectConv3d, volume_conv
from tests.engine.fused.compared import assert_same, last, normal
from tests.tolerances import FLOAT32


def test_direct():
    x, weight, bias = normal(2, 5, 4, 6, 9), normal(7, 5, 3, 3, 3), normal(7)
    assert_same(DirectConv3d(weight, bias, torch.float64)(last(x)), last(F.conv3d(x, weight, bias, padding=1)))


@pytest.mark.parametrize(
    ("inputs", "outputs", "dtype", "device", "kind"),
    [
        (64, 256, torch.float32, "cpu", TileConv),
        (257, 64, torch.float32, "cpu", DirectConv3d),
        (63, 64, torch.float32, "cpu", DirectConv3d),
        (64, 63, torch.float32, "cpu", DirectConv3d),
        (64, 64, torch.float64, "cpu", DirectConv3d),
        (64, 64, torch.bfloat16, "cpu", DirectConv3d),
        (64, 64, torch.float32, "meta", DirectConv3d),  # stands for any device with a library of its own
    ],
)
def test_the_faster_one(inputs, outputs, dtype, device, kind):
    weight, bias = (torch.zeros(*shape, device=device) for shape in ((outputs, inputs, 3, 3, 3), (outputs,)))
    conv = volume_conv(weight, bias, dtype)
    assert type(conv) is kind
    assert {(buffer.dtype, buffer.device.type) for buffer in conv.buffers()} == {(dtype, device)}


def test_both_give_the_same():
    x = last(normal(2, 64, 3, 6, 5, dtype=torch.float32))
    weight, bias = normal(64, 64, 3, 3, 3, dtype=torch.float32) / 42, normal(64, dtype=torch.float32)
    expected = DirectConv3d(weight, bias, torch.float32)(x)
    assert (volume_conv(weight, bias, torch.float32)(x) - expected).square().mean().sqrt() < FLOAT32["tiled"].abs
