"""3 x 3 x 3 convolutions of volumes whose channels lie side by side: tiled where that is faster, plain elsewhere."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .plane_conv import suits_winograd
from .tile_conv import TileConv
from .tiling import WINOGRAD

_WIDE = range(64, 257)  # channels for which tiling is faster, and its weights, four times as many, not too large


class DirectConv3d(nn.Module):
    """The library's own convolution of (B, D, H, W, C) to (B, D, H, W, O), zeros around."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.register_buffer("weight", weight.to(dtype, memory_format=torch.channels_last_3d))
        self.register_buffer("bias", bias.to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        return F.conv3d(x.movedim(-1, 1), self.weight, self.bias, padding=1).movedim(1, -1)


def volume_conv(weight: Tensor, bias: Tensor, dtype: torch.dtype) -> TileConv | DirectConv3d:
    """The faster convolution for a kernel (O, C, 3, 3, 3), in a precision."""
    if suits_winograd(weight, dtype) and all(channels in _WIDE for channels in weight.shape[:2]):
        return TileConv(weight, bias, WINOGRAD, dtype)
    return DirectConv3d(weight, bias, dtype)
