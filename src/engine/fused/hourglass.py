"""The hourglass of W, channels last, with its norms folded and nothing enlarged (spec: networks, sections 1 and 8)."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...modules.blocks import DownBlock3d, Hourglass, UpBlock3d
from .fold import fold_batch_norm
from .tile_conv import TileConv
from .tiling import DOUBLED
from .volume_conv import volume_conv


class FusedHourglass(nn.Module):
    """(B, D, H, W, in) to (B, out, D, H, W).

    Args:
        network: with its weights.
        order: which of the network's input channels come, and in which order; the others are always zero.
        dtype: of its convolutions.
    """

    def __init__(self, network: Hourglass, order: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        downs = [cast(DownBlock3d, down) for down in network.encoder.down_blocks]
        ups = [cast(UpBlock3d, up) for up in network.decoder.up_blocks]
        self.down = nn.ModuleList()
        for i, down in enumerate(downs):
            weight, bias = fold_batch_norm(down.conv, down.norm)
            self.down.append(volume_conv(weight if i else weight[:, order], bias, dtype))
        self.up = nn.ModuleList(TileConv(*fold_batch_norm(up.conv, up.norm), DOUBLED, dtype) for up in ups)
        weight, bias = fold_batch_norm(network.decoder.conv, network.decoder.norm)
        below = ups[-1].conv.out_channels  # what is joined to the input
        self.last = volume_conv(weight[:, torch.cat([torch.arange(below), order + below])], bias, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the network."""
        maps = [x.to(self.dtype)]
        for down in self.down:
            maps.append(_halved(F.relu_(down(maps[-1]))))
        x = maps.pop()
        for up in self.up:
            x = torch.cat([F.relu_(up(x)), maps.pop()], dim=-1)
        return F.relu_(self.last(x)).movedim(-1, 1).contiguous()


def _halved(x: Tensor) -> Tensor:
    """Mean over 1 x 2 x 2 of (B, D, H, W, C)."""
    cells = x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2))  # (B, D, H / 2, 2, W / 2, 2, C)
    return (cells[:, :, :, 0].sum(4) + cells[:, :, :, 1].sum(4)) / 4
