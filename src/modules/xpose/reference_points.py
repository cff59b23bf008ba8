"""Where tokens and queries lie in the picture, as fractions of its width and height (spec: xpose, sections 3 and 6)."""

from __future__ import annotations

import torch
from torch import Tensor

from .layers import Levels

_EPSILON = 1e-3  # larger than in other networks of this family


def inverse_sigmoid(x: Tensor) -> Tensor:
    """Logit of fractions, limited to +-6.9078; any shape."""
    x = x.clamp(0, 1)
    return (x.clamp(min=_EPSILON) / (1 - x).clamp(min=_EPSILON)).log()


def move(reference: Tensor, step: Tensor) -> Tensor:
    """Fractions moved by steps in logit space, in float32; any shape."""
    return (inverse_sigmoid(reference) + step.float()).sigmoid()


def cell_centres(levels: Levels, device: torch.device) -> Tensor:
    """Centre (x, y) of every cell of every level, row by row: (N, 2) float32."""
    centres = []
    for height, width in levels:
        y = (torch.arange(height, dtype=torch.float32, device=device) + 0.5) / height
        x = (torch.arange(width, dtype=torch.float32, device=device) + 0.5) / width
        centres.append(torch.cartesian_prod(y, x).flip(1))
    return torch.cat(centres)
