"""Gaussians that end where their numbers lose their full precision."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def bell(squares: Tensor, variance: float | Tensor) -> Tensor:
    """Gaussian of squared distances; zero far away, where it is next to nothing.

    Three of these multiply to a blob in space, most of which would be subnormal numbers: convolutions take up to ten
    times as long for those, and they change no picture.

    Args:
        squares: of any shape.
        variance: that can be broadcast to it.
    """
    value = torch.exp(-squares / (2 * variance))
    least = torch.finfo(torch.promote_types(value.dtype, torch.float32)).tiny ** 0.25  # float32: 3e-10
    return F.threshold(value, least, 0.0)
