"""G with its weights rearranged: the same picture with less work (spec: networks, section 8)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...modules.blocks import SPADE, SPADEResnetBlock
from ...modules.spade_generator import SPADEDecoder
from .fold import parameters
from .plane_conv import DirectConv, Strips, plane_conv, suits_winograd
from .spade import heads, modulate, normalised, shared, shortcut, shortcut_heads
from .supported import check_generator
from .tile_conv import TileConv
from .tiling import DOUBLED, PHASED, PHASED_DIFFERENCES, QUADRUPLED, Tiling

_MakeConv = Callable[..., nn.Module]


class FusedGenerator(nn.Module):
    """G: feature maps (B, H, W, C), channels last, to pictures.

    * What all SPADEs of a stage read from the label is one convolution; gamma and beta are another.
    * Labels are never enlarged: their convolutions are tiled over the small map.
    * Maps are normalised before they are enlarged; both halves of an up block share that.
    * The shortcut's 1 x 1 convolution goes into the head of its beta.

    Args:
        network: G with its weights, spectral norm folded.
        dtype: of the convolutions; sums of residual blocks and statistics are float32 at least.

    Raises:
        InputError: G is not built like the published one.
    """

    def __init__(self, network: SPADEDecoder, dtype: torch.dtype) -> None:
        super().__init__()
        check_generator(network)
        self.slope = network.slope
        # On a processor the middle's tiled float32 is as fast as its bfloat16, and 60 % of G is spared the rounding.
        middle = torch.float32 if dtype == torch.bfloat16 and network.fc.weight.device.type == "cpu" else dtype
        self.dtype, self.middle_dtype = dtype, middle
        blocks = [_block(network, f"G_middle_{i}") for i in range(network.num_middle)]
        spades: list[SPADE] = [spade for block in blocks for spade in (block.norm_0, block.norm_1)]
        self.fc = plane_conv(*parameters(network.fc), middle)
        self.shared = plane_conv(*shared(spades), middle)
        self.middle = nn.ModuleList(_Block(block, middle) for block in blocks)
        phased = PHASED if suits_winograd(network.fc.weight, dtype) else PHASED_DIFFERENCES
        self.up_0 = _UpBlock(_block(network, "up_0"), DOUBLED, plane_conv, dtype)
        self.up_1 = _UpBlock(_block(network, "up_1"), QUADRUPLED, partial(TileConv, tiling=phased), dtype)
        last = network.conv_img
        self.factor = cast(nn.PixelShuffle, last[1]).upscale_factor if isinstance(last, nn.Sequential) else 1
        self.conv_img = DirectConv(*parameters(last[0] if isinstance(last, nn.Sequential) else last), dtype)

    def forward(self, feature: Tensor) -> Tensor:
        """Draw (B, H, W, C) to (B, 3, 8H, 8W) in 0..1."""
        feature = feature.to(self.middle_dtype)
        x = self.fc(feature)
        hidden = F.relu_(self.shared(feature)).chunk(2 * len(self.middle), dim=-1)
        for i, block in enumerate(self.middle):
            x = block(x, hidden[2 * i], hidden[2 * i + 1])
        feature = feature.to(self.dtype)
        x = self.up_1(self.up_0(x, feature), feature)
        x = self.conv_img(F.leaky_relu_(x, self.slope))
        return F.pixel_shuffle(x.movedim(-1, 1), self.factor).sigmoid_()


class _Residual(nn.Module):
    """Both convolutions of a residual block, each behind its SPADE."""

    def __init__(self, block: SPADEResnetBlock, conv: _MakeConv, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype, self.slope = dtype, block.slope
        self.heads_0, self.heads_1 = (conv(*heads(norm), dtype=dtype) for norm in (block.norm_0, block.norm_1))
        self.conv_0, self.conv_1 = (plane_conv(*parameters(c), dtype) for c in (block.conv_0, block.conv_1))

    def forward(self, x: Tensor, hidden_0: Tensor, hidden_1: Tensor) -> Tensor:
        """The way of a normalised map through the block; it may be enlarged on it."""
        x = self.conv_0(modulate(cast(Strips, self.heads_0), hidden_0, x, self.slope))
        x = modulate(cast(Strips, self.heads_1), hidden_1, normalised(x, self.dtype), self.slope)
        return cast(Tensor, self.conv_1(x))


class _Block(nn.Module):
    """A residual block at the label's size; the sum is float32 at least."""

    def __init__(self, block: SPADEResnetBlock, dtype: torch.dtype) -> None:
        super().__init__()
        self.residual = _Residual(block, plane_conv, dtype)

    def forward(self, x: Tensor, hidden_0: Tensor, hidden_1: Tensor) -> Tensor:
        """Apply the block to (B, H, W, C)."""
        residual: Tensor = self.residual(normalised(x, self.residual.dtype), hidden_0, hidden_1)
        return residual + x.to(torch.promote_types(x.dtype, torch.float32))


class _UpBlock(nn.Module):
    """A residual block on a map that is enlarged twice first; the label is larger by then, too.

    Args:
        block: of G.
        label: how the label's convolution is tiled.
        conv: makes the convolutions of what comes out of it.
        dtype: of the convolutions.
    """

    turn: Tensor

    def __init__(self, block: SPADEResnetBlock, label: Tiling, conv: _MakeConv, dtype: torch.dtype) -> None:
        super().__init__()
        self.residual = _Residual(block, conv, dtype)
        self.shared = TileConv(*shared([block.norm_0, block.norm_1, block.norm_s]), label, dtype)
        self.heads_s = conv(*shortcut_heads(block.norm_s, block.conv_s.weight), dtype=dtype)
        self.register_buffer("turn", block.conv_s.weight.flatten(1).T.to(dtype).contiguous())  # (C, O)

    def forward(self, x: Tensor, feature: Tensor) -> Tensor:
        """Apply the block to (B, H, W, C) and the label: (B, 2H, 2W, O)."""
        hidden = F.relu_(self.shared(feature)).chunk(3, dim=-1)
        x = normalised(x, self.residual.dtype)
        straight = shortcut(cast(Strips, self.heads_s), self.turn, hidden[2], x)
        return straight.add_(self.residual(x, *hidden[:2]))


def _block(network: SPADEDecoder, name: str) -> SPADEResnetBlock:
    return cast(SPADEResnetBlock, network.get_submodule(name))
