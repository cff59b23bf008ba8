import pytest
import torch
from torch import nn

from src.modules.blocks import (
    SPADE,
    DownBlock2d,
    DownBlock3d,
    Hourglass,
    ResBlock3d,
    SameBlock2d,
    SPADEResnetBlock,
    UpBlock3d,
)
from src.modules.convnextv2 import GRN, Block, LayerNorm2d
from tests.parity import check, fill

GOLDEN = check.load("blocks")


def filled(module: nn.Module, prefix: str) -> nn.Module:
    fill.fill_({prefix + key: value for key, value in module.state_dict().items()})
    return module.eval()


def test_layer_norm():
    x = check.example("feature_ln", 2, 8, 6, 6) * 1e-3
    check.assert_golden(GOLDEN, "ln_nchw", filled(LayerNorm2d(8), "b.ln.")(x), "blocks")
    channels_last = filled(Block(8).norm, "b.ln.")
    check.assert_golden(GOLDEN, "ln_nhwc", channels_last(x.permute(0, 2, 3, 1)), "blocks")


def test_grn():
    grn = filled(GRN(8), "b.grn.")
    grn.beta.zero_()
    x = check.example("feature_ln", 2, 8, 6, 6) * 1e-6
    check.assert_golden(GOLDEN, "grn", grn(x.permute(0, 2, 3, 1)), "blocks")


def test_spade():
    x, label = check.example("feature_sp", 2, 8, 12, 12) * 3e-3, check.example("feature_seg", 2, 4, 6, 6)
    check.assert_golden(GOLDEN, "spade", filled(SPADE(8, 4), "b.spade.")(x, label), "blocks")


def test_spade_resnet_block():
    x, label = check.example("feature_sp", 2, 8, 12, 12), check.example("feature_seg", 2, 4, 6, 6)
    check.assert_golden(GOLDEN, "spade_res", filled(SPADEResnetBlock(8, 6, 4), "b.sr.")(x, label), "blocks")


def test_down_block():
    down = filled(DownBlock2d(4, 8), "b.down.")
    down.norm.running_var *= 1e-5
    check.assert_golden(GOLDEN, "bn_down", down(check.example("feature_seg", 2, 4, 6, 6) * 1e-2), "blocks")


def test_volume_blocks():
    x = check.example("feature_v", 2, 6, 4, 8, 8)
    check.assert_golden(GOLDEN, "resblock3d", filled(ResBlock3d(6), "b.res.")(x), "blocks")
    check.assert_golden(GOLDEN, "upblock3d", filled(UpBlock3d(6, 5), "b.up.")(x), "blocks")


def test_down_block_3d_keeps_the_depth():
    assert DownBlock3d(2, 3).eval()(torch.zeros(1, 2, 5, 8, 6)).shape == (1, 3, 5, 4, 3)


@pytest.mark.parametrize("slope", [0.0, 0.01])
def test_same_block_slope(slope):
    block = SameBlock2d(1, 1, slope=slope).eval()
    nn.init.constant_(block.conv.weight, 0.0)
    nn.init.constant_(block.conv.bias, -1.0)
    expected = torch.full((1, 1, 4, 4), -slope / (1 + 1e-5) ** 0.5)
    torch.testing.assert_close(block(torch.zeros(1, 1, 4, 4)), expected)


def test_hourglass_widths():
    hourglass = Hourglass(block_expansion=4, in_features=6, num_blocks=3, max_features=16).eval()
    down = [(b.conv.in_channels, b.conv.out_channels) for b in hourglass.encoder.down_blocks]
    up = [(b.conv.in_channels, b.conv.out_channels) for b in hourglass.decoder.up_blocks]
    assert down == [(6, 8), (8, 16), (16, 16)]
    assert up == [(16, 16), (32, 8), (16, 4)]
    assert hourglass(torch.randn(2, 6, 3, 16, 8)).shape == (2, 10, 3, 16, 8)
    assert hourglass.out_features == 10


def test_hourglass_ends_with_its_input():
    """The last skip is the input itself, behind the upsampled channels."""
    hourglass = Hourglass(block_expansion=2, in_features=3, num_blocks=1, max_features=8).eval()
    seen = {}
    hourglass.decoder.conv.register_forward_pre_hook(lambda module, inputs: seen.update(x=inputs[0]))
    x = torch.randn(1, 3, 2, 4, 4)
    hourglass(x)
    torch.testing.assert_close(seen["x"][:, 2:], x)


def test_hourglass_needs_a_level():
    with pytest.raises(ValueError, match="num_blocks=0"):
        Hourglass(4, 6, 0, 16)


def test_spade_block_parameters():
    block = SPADEResnetBlock(4, 6, 3, hidden=5, slope=0.1, kernel_size=5, spectral=False)
    assert block.norm_s.mlp_gamma.weight.shape == (4, 5, 5, 5)
    assert {"conv_0.weight", "conv_1.weight", "conv_s.weight"} <= set(block.state_dict())
    assert "conv_s.bias" not in block.state_dict()
    assert block(torch.randn(2, 4, 8, 8), torch.randn(2, 3, 4, 4)).shape == (2, 6, 8, 8)


def test_same_width_needs_no_shortcut_layers():
    assert not [key for key in SPADEResnetBlock(4, 4, 3).state_dict() if "_s." in key]
