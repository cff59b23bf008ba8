"""Swin-T, the backbone: attention inside windows of 7 x 7 cells, shifted in every other block (spec: xpose, section 4).

Attribute names are the official state_dict prefixes, so they are part of the file format.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import in_chunks
from .window_attention import SHIFT, WindowAttention, shift_mask

_WIDTHS = (96, 192, 384, 768)
_DEPTHS = (2, 2, 6, 2)
_HEADS = (3, 6, 12, 24)
_PATCH = 4  # pixels


class SwinTransformer(nn.Module):
    """Picture (1, 3, H, W) -> features of 192, 384 and 768 channels at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.patch_embed = _PatchEmbed()
        self.layers = nn.ModuleList(_Stage(*sizes) for sizes in zip(_WIDTHS, _DEPTHS, _HEADS, strict=True))
        self.norm1 = nn.LayerNorm(_WIDTHS[1])
        self.norm2 = nn.LayerNorm(_WIDTHS[2])
        self.norm3 = nn.LayerNorm(_WIDTHS[3])

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Apply the network; the features are (1, C, h, w)."""
        x = self.patch_embed(picture)
        features = []
        for stage, norm in zip(self.layers, (None, self.norm1, self.norm2, self.norm3), strict=True):
            seen, x = stage(x)
            if norm is not None:
                features.append(norm(seen).permute(2, 0, 1)[None])
        return features


class _PatchEmbed(nn.Module):
    """Picture (1, 3, H, W) -> cells (h, w, 96) of 4 x 4 pixels; zeros fill the last row and column of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, _WIDTHS[0], _PATCH, _PATCH)
        self.norm = nn.LayerNorm(_WIDTHS[0])

    def forward(self, picture: Tensor) -> Tensor:
        height, width = picture.shape[-2:]
        padded = F.pad(picture, (0, -width % _PATCH, 0, -height % _PATCH))
        return self.norm(self.proj(padded)[0].permute(1, 2, 0))


class _Stage(nn.Module):
    """Blocks at one resolution: (H, W, C) -> (H, W, C), and the next stage's input (H / 2, W / 2, 2 C)."""

    def __init__(self, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))
        self.downsample = nn.Identity() if width == _WIDTHS[-1] else _PatchMerging(width)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mask = shift_mask(x)
        for i, block in enumerate(self.blocks):
            x = block(x, SHIFT, mask) if i % 2 else block(x, 0, None)
        return x, self.downsample(x)


class _Block(nn.Module):
    """Attention inside windows, then two linear layers: (H, W, C) -> (H, W, C)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = WindowAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = _Mlp(width)

    def forward(self, x: Tensor, shift: int, mask: Tensor | None) -> Tensor:
        x = x + self.attn(self.norm1(x), shift, mask)
        return in_chunks(lambda part: part + self.mlp(self.norm2(part)), x.flatten(0, 1)).view_as(x)


class _Mlp(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class _PatchMerging(nn.Module):
    """Four neighbouring cells become one: (H, W, C) -> (H / 2, W / 2, 2 C), rounded up."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (0, 0, 0, x.shape[1] % 2, 0, x.shape[0] % 2))
        corners = [x[row::2, column::2] for column in (0, 1) for row in (0, 1)]  # the order of the trained weights
        return self.reduction(self.norm(torch.cat(corners, dim=-1)))
