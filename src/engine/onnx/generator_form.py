"""G in the form in which it is exported: rearranged as the fused engine's, of operators that ONNX Runtime does fast."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...modules.blocks import SPADE, SPADEResnetBlock
from ...modules.spade_generator import SPADEDecoder
from ..fused.spade import INSTANCE_NORM_EPS, heads, shared, shortcut_heads
from ..fused.supported import check_generator
from ..fused.tiling import DOUBLED, PHASED, QUADRUPLED, WINOGRAD, Tiling
from .gathered_conv import GatheredConv

Size = tuple[int, int]


class GeneratorForm(nn.Module):
    """G: feature maps (B, H, W, C), channels last, to pictures; see `FusedGenerator` for what is rearranged.

    Args:
        network: G with its weights, spectral norm folded.
        size: H, W of the feature maps.

    Raises:
        InputError: G is not built like the published one.
    """

    def __init__(self, network: SPADEDecoder, size: Size) -> None:
        super().__init__()
        check_generator(network)
        self.slope = network.slope
        blocks = [_block(network, f"G_middle_{i}") for i in range(network.num_middle)]
        spades: list[SPADE] = [spade for block in blocks for spade in (block.norm_0, block.norm_1)]
        self.fc = _tiled(network.fc, size)
        self.shared = GatheredConv(*shared(spades), WINOGRAD, size, parts=_hidden(spades))
        self.middle = nn.ModuleList(_Block(block, WINOGRAD, size, size) for block in blocks)
        twice, thrice, four_times = ((n * size[0], n * size[1]) for n in (2, 3, 4))
        self.up_0 = _UpBlock(_block(network, "up_0"), DOUBLED, size, WINOGRAD, twice, twice)
        self.up_1 = _UpBlock(_block(network, "up_1"), QUADRUPLED, size, PHASED, thrice, four_times)
        last = network.conv_img
        self.conv_img = cast(nn.Conv2d, last[0] if isinstance(last, nn.Sequential) else last)
        self.factor = cast(nn.PixelShuffle, last[1]).upscale_factor if isinstance(last, nn.Sequential) else 1

    def forward(self, feature: Tensor) -> Tensor:
        """Draw (B, H, W, C) to (B, 3, 8H, 8W) in 0..1."""
        x = self.fc(feature)
        hidden = [F.relu(part) for part in self.shared.in_parts(feature)]
        for i, block in enumerate(self.middle):
            x = block(x, hidden[2 * i], hidden[2 * i + 1])
        x = self.up_1(self.up_0(x, feature), feature)
        x = self.conv_img(F.leaky_relu(x, self.slope).permute(0, 3, 1, 2))
        return torch.sigmoid(F.pixel_shuffle(x, self.factor) if self.factor > 1 else x)


class _Block(nn.Module):
    """A residual block at the label's size.

    Args:
        block: of G.
        tiling: of the heads of its SPADEs.
        label_size: H, W of what the heads read.
        size: H, W of the map.
    """

    def __init__(self, block: SPADEResnetBlock, tiling: Tiling, label_size: Size, size: Size) -> None:
        super().__init__()
        self.slope = block.slope
        self.heads_0, self.heads_1 = (
            GatheredConv(*heads(norm), tiling, label_size, parts=2 * [norm.mlp_gamma.out_channels])
            for norm in (block.norm_0, block.norm_1)
        )
        self.conv_0, self.conv_1 = _tiled(block.conv_0, size), _tiled(block.conv_1, size)

    def forward(self, x: Tensor, hidden_0: Tensor, hidden_1: Tensor) -> Tensor:
        return self.residual(_normalised(x), hidden_0, hidden_1) + x

    def residual(self, x: Tensor, hidden_0: Tensor, hidden_1: Tensor) -> Tensor:
        """The way of a normalised map through both convolutions."""
        x = self.conv_0(self._modulated(self.heads_0, hidden_0, x))
        return cast(Tensor, self.conv_1(self._modulated(self.heads_1, hidden_1, _normalised(x))))

    def _modulated(self, heads: GatheredConv, hidden: Tensor, x: Tensor) -> Tensor:
        gamma, beta = heads.in_parts(hidden)
        return F.leaky_relu(_times(gamma, x) + beta, self.slope)


class _UpBlock(_Block):
    """A residual block on a map that is enlarged twice first; the label is larger by then, too.

    Args:
        block: of G.
        label: how the label's convolution is tiled.
        feature_size: H, W of the feature map.
        tiling: of the heads.
        label_size: H, W of what the heads read.
        size: H, W of the enlarged map.
    """

    turn: Tensor

    def __init__(
        self, block: SPADEResnetBlock, label: Tiling, feature_size: Size, tiling: Tiling, label_size: Size, size: Size
    ) -> None:
        super().__init__(block, tiling, label_size, size)
        spades = [block.norm_0, block.norm_1, block.norm_s]
        self.shared = GatheredConv(*shared(spades), label, feature_size, parts=_hidden(spades))
        self.register_buffer("turn", block.conv_s.weight.flatten(1).T.contiguous())  # (C, O)
        weight, bias = shortcut_heads(block.norm_s, block.conv_s.weight)
        self.heads_s = GatheredConv(weight, bias, tiling, label_size, parts=self.turn.shape)

    def forward(self, x: Tensor, feature: Tensor) -> Tensor:  # type: ignore[override]
        hidden = [F.relu(part) for part in self.shared.in_parts(feature)]
        x = _normalised(x)
        gamma, beta = self.heads_s.in_parts(hidden[2])
        straight = torch.matmul(_times(gamma, x), self.turn) + beta
        return straight + self.residual(x, hidden[0], hidden[1])


def _normalised(x: Tensor) -> Tensor:
    """Instance norm of (B, H, W, C); means as products, which take a tenth of the time of ONNX Runtime's means."""
    flat = x.flatten(1, 2)
    share = torch.full((1, flat.shape[1]), 1 / flat.shape[1])
    centred = flat - torch.matmul(share, flat)
    scale = torch.rsqrt(torch.matmul(share, centred * centred) + INSTANCE_NORM_EPS)
    return (centred * scale).view_as(x)


def _hidden(spades: list[SPADE]) -> list[int]:
    return [spade.mlp_gamma.in_channels for spade in spades]


def _times(gamma: Tensor, x: Tensor) -> Tensor:
    """A map (B, H, W, C) scaled by one of its size, or of a multiple of it, which it is enlarged to."""
    _, height, width, channels = gamma.shape
    factor = height // x.shape[1]
    if factor == 1:
        return gamma * x
    cells = gamma.reshape(-1, height // factor, factor, width // factor, factor, channels)
    return (cells * x[:, :, None, :, None]).reshape(-1, height, width, channels)


def _tiled(conv: nn.Conv2d, size: Size) -> GatheredConv:
    assert conv.bias is not None
    return GatheredConv(conv.weight, conv.bias, WINOGRAD, size)


def _block(network: SPADEDecoder, name: str) -> SPADEResnetBlock:
    return cast(SPADEResnetBlock, network.get_submodule(name))
