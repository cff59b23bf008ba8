"""Self-attention inside windows of 7 x 7 cells, with a learned bias for each offset (spec: xpose, section 4)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_WINDOW = 7
SHIFT = _WINDOW // 2  # cells by which the windows of every other block are moved
_APART = -100.0  # added to the logit of cells that only the shift brought together


class WindowAttention(nn.Module):
    """Attention of each cell to its window: (H, W, C) -> (H, W, C)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * _WINDOW - 1) ** 2, heads))

    def forward(self, x: Tensor, shift: int, mask: Tensor | None) -> Tensor:
        """Cut into windows, attend, put together again.

        Args:
            x: (H, W, C); cells of value zero fill the last windows.
            shift: cells by which the windows are moved.
            mask: what `shift_mask` gives for x if they are moved.
        """
        height, width = x.shape[:2]
        padded = F.pad(x, (0, 0, 0, -width % _WINDOW, 0, -height % _WINDOW))
        windows = _split(padded.roll((-shift, -shift), (0, 1)))
        joined = _join(self._attend(windows, mask), *padded.shape[:2])
        return joined.roll((shift, shift), (0, 1))[:height, :width]

    def _attend(self, windows: Tensor, mask: Tensor | None) -> Tensor:
        qkv = self.qkv(windows).unflatten(-1, (3, self.heads, -1))
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # (windows, heads, 49, C / heads) each
        bias = self._bias() if mask is None else self._bias() + mask.to(query.dtype)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return self.proj(attended.transpose(1, 2).flatten(2))

    def _bias(self) -> Tensor:
        """Bias of each pair of cells, (1, heads, 49, 49)."""
        table = self.relative_position_bias_table
        return table[_relative_positions(table.device)].permute(2, 0, 1)[None]


def _relative_positions(device: torch.device) -> Tensor:
    """Row of the bias table for each pair of cells of a window, (49, 49)."""
    cells = torch.arange(_WINDOW, device=device)
    apart = cells[:, None] - cells + _WINDOW - 1  # (7, 7), 0..12
    rows, columns = apart[:, None, :, None], apart[None, :, None, :]  # of (y, x, other y, other x)
    return (rows * (2 * _WINDOW - 1) + columns).reshape(_WINDOW**2, _WINDOW**2)


def _split(x: Tensor) -> Tensor:
    """Whole windows of (H, W, C), row by row: (windows, 49, C)."""
    tiles = x.unflatten(0, (-1, _WINDOW)).unflatten(2, (-1, _WINDOW))  # (rows, 7, columns, 7, C)
    return tiles.transpose(1, 2).flatten(2, 3).flatten(0, 1)


def _join(windows: Tensor, height: int, width: int) -> Tensor:
    """The inverse of `_split`."""
    tiles = windows.view(height // _WINDOW, width // _WINDOW, _WINDOW, _WINDOW, -1)
    return tiles.transpose(1, 2).reshape(height, width, -1)


def shift_mask(x: Tensor) -> Tensor:
    """What keeps cells apart that are neighbours in a moved window alone, for x (H, W, C): (windows, 1, 49, 49)."""
    rows, columns = (_regions(size, x.device) for size in x.shape[:2])
    region = _split((3 * rows[:, None] + columns)[..., None])[..., 0]  # (windows, 49)
    return (region[:, None] != region[:, :, None]).float()[:, None] * _APART


def _regions(size: int, device: torch.device) -> Tensor:
    """Along one side, padded to whole windows: 0 for cells whose window moved with them, 1 and 2 in the last window."""
    cell = torch.arange(size + -size % _WINDOW, device=device)
    return (cell >= len(cell) - _WINDOW).long() + (cell >= len(cell) - SHIFT).long()
