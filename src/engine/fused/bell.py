"""Gaussians that end before products of them become subnormal numbers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def bell(squares: Tensor, variance: float | Tensor) -> Tensor:
    """Gaussian of squared distances; zero far away, where it is next to nothing.

    Three of these multiply to a blob in space. About a tenth of its cells would be subnormal numbers, for which
    convolutions take several times as long, and which change no picture.

    Args:
        squares: of any shape.
        variance: that can be broadcast to it.

    Returns:
        The shape of both, in 0..1.
    """
    value = torch.exp(-squares / (2 * variance))
    tiny = torch.finfo(torch.promote_types(value.dtype, torch.float32)).tiny
    return F.threshold(value, tiny**0.25, 0.0)  # three factors, and room for the weight that comes next
