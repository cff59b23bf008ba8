"""Multi-scale deformable attention: each query looks at a few points of each feature map (spec: xpose, section 6)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import HEADS, WIDTH, Levels

_LEVELS = 4
_POINTS = 4  # of each head on each level
_QUERIES = 2048  # at a time, to keep the samples small


class DeformableAttention(nn.Module):
    """Attention of queries to points around their reference, the same reference on all levels."""

    def __init__(self) -> None:
        super().__init__()
        self.sampling_offsets = nn.Linear(WIDTH, HEADS * _LEVELS * _POINTS * 2)
        self.attention_weights = nn.Linear(WIDTH, HEADS * _LEVELS * _POINTS)
        self.value_proj = nn.Linear(WIDTH, WIDTH)
        self.output_proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, query: Tensor, reference: Tensor, memory: Tensor, levels: Levels) -> Tensor:
        """Look the queries' surroundings up; points and samples are float32 at any precision of the weights.

        Args:
            query: (Q, 256).
            reference: float32, (Q, 2) points x, y (offsets are cells of a level), or (Q, 4) boxes cx, cy, w, h
                (offsets are parts of the box).
            memory: (N, 256), all levels one after the other.
            levels: their heights and widths.

        Returns:
            (Q, 256).
        """
        value = self.value_proj(memory).float().unflatten(1, (HEADS, -1))  # (N, 8, 32)
        maps = split_levels(value, levels)
        parts = zip(query.split(_QUERIES), reference.split(_QUERIES), strict=True)
        return torch.cat([self._attend(some, places, maps) for some, places in parts])

    def _attend(self, query: Tensor, reference: Tensor, maps: list[Tensor]) -> Tensor:
        offsets = self.sampling_offsets(query).float().view(-1, HEADS, _LEVELS, _POINTS, 2)
        weights = self.attention_weights(query).float().view(-1, HEADS, _LEVELS * _POINTS).softmax(-1)
        places = _locations(reference[:, None, None, None], offsets, maps)  # (Q, 8, 4, 4, 2)
        sampled = sample_levels(maps, places, weights.view(-1, HEADS, _LEVELS, _POINTS))
        return self.output_proj(sampled.to(query.dtype))


def _locations(reference: Tensor, offsets: Tensor, maps: list[Tensor]) -> Tensor:
    """Offsets (Q, 8, 4, 4, 2) from references (Q, 1, 1, 1, 2 or 4), as fractions of the picture."""
    if reference.shape[-1] == 2:
        sizes = offsets.new_tensor([[level.shape[-1], level.shape[-2]] for level in maps])
        return reference + offsets / sizes[:, None]
    return reference[..., :2] + offsets / _POINTS * reference[..., 2:] * 0.5


def split_levels(value: Tensor, levels: Levels) -> list[Tensor]:
    """Tokens (N, heads, C) as one map (heads, C, height, width) a level."""
    parts = value.split([height * width for height, width in levels])
    return [
        part.permute(1, 2, 0).unflatten(2, size).contiguous()  # (heads, C, height, width)
        for part, size in zip(parts, levels, strict=True)
    ]


def sample_levels(maps: list[Tensor], places: Tensor, weights: Tensor) -> Tensor:
    """Weighted sums of bilinear samples; what lies outside a map counts as zero.

    Args:
        maps: one a level, (heads, C, height, width) float32.
        places: (Q, heads, levels, points, 2) x, y as fractions.
        weights: (Q, heads, levels, points).

    Returns:
        (Q, heads * C) float32.
    """
    grids = (2 * places - 1).transpose(0, 1)  # (heads, Q, levels, points, 2)
    weights = weights.transpose(0, 1)[:, None]  # (heads, 1, Q, levels, points)
    total = torch.zeros((), device=places.device)
    for level, map_ in enumerate(maps):
        samples = F.grid_sample(map_, grids[:, :, level], align_corners=False)  # (heads, C, Q, points)
        total = total + (samples * weights[..., level, :]).sum(-1)  # (heads, C, Q)
    return total.permute(2, 0, 1).flatten(1)
