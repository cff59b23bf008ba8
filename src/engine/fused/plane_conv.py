"""3 x 3 convolutions of maps whose channels lie side by side: tiled where that is faster, plain elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .cells import cells
from .tile_conv import TileConv
from .tiling import WINOGRAD

_WIDE = 128  # channels on either side from which the fewer multiplications outweigh the sums around them


class Strips(Protocol):
    """A convolution whose output can be had in strips of rows."""

    def strips(self, x: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """The output in parts: which of its rows, and these in tiles of n x n: (B, rows / n, n, W / n, n, O)."""
        ...


class DirectConv(nn.Module):
    """The library's own convolution of (B, H, W, C) to (B, H, W, O), zeros around."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.register_buffer("weight", weight.to(dtype, memory_format=torch.channels_last))
        self.register_buffer("bias", bias.to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        padding = self.weight.shape[-1] // 2
        return F.conv2d(x.movedim(-1, 1), self.weight, self.bias, padding=padding).movedim(1, -1)

    def strips(self, x: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """All rows at once."""
        out = self(x)
        yield slice(0, out.shape[1]), cells(out, 1)


def plane_conv(weight: Tensor, bias: Tensor, dtype: torch.dtype) -> TileConv | DirectConv:
    """The faster convolution for a kernel (O, C, 3, 3), in a precision."""
    if suits_winograd(weight, dtype) and min(weight.shape[:2]) >= _WIDE:
        return TileConv(weight, bias, WINOGRAD, dtype)
    return DirectConv(weight, bias, dtype)


def suits_winograd(weight: Tensor, dtype: torch.dtype) -> bool:
    """Whether `WINOGRAD` is right in a precision, and not slower than what the library has for the device."""
    return weight.device.type == "cpu" and dtype == torch.float32
