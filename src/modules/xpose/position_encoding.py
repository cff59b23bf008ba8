"""Sine encodings of positions (spec: xpose, sections 4 and 8). They hold no parameters."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_ENTRIES = 128  # numbers that encode one coordinate
_GRID_TEMPERATURE = 20.0
_BOX_TEMPERATURE = 10000.0


def _encode(coordinate: Tensor, temperature: float) -> Tensor:
    """Encode angles (...) as (..., 128): sines at even places, cosines at odd ones."""
    pair = torch.arange(_ENTRIES // 2, dtype=torch.float32, device=coordinate.device)
    angle = coordinate[..., None] / temperature ** (2 * pair / _ENTRIES)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)


def encode_grid(height: int, width: int, device: torch.device) -> Tensor:
    """Encoding of the cells of one feature map, row by row: (height * width, 256) float32, y before x."""
    y = torch.arange(1, height + 1, dtype=torch.float32, device=device) / (height + 1e-6) * (2 * math.pi)
    x = torch.arange(1, width + 1, dtype=torch.float32, device=device) / (width + 1e-6) * (2 * math.pi)
    rows = _encode(y, _GRID_TEMPERATURE)[:, None].expand(height, width, _ENTRIES)
    columns = _encode(x, _GRID_TEMPERATURE)[None].expand(height, width, _ENTRIES)
    return torch.cat([rows, columns], dim=-1).flatten(0, 1)


def encode_boxes(boxes: Tensor) -> Tensor:
    """Encoding of boxes (..., 4) cx, cy, w, h as fractions: (..., 512), in the order cy, cx, w, h."""
    return _encode(boxes[..., [1, 0, 2, 3]] * (2 * math.pi), _BOX_TEMPERATURE).flatten(-2)
