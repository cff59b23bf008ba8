"""Sizes of the compact model's pictures."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

OUTPUT_SIZE = 512
INTERNAL_SIZE = 128  # the networks see the crop at this size


def shrunk(pictures: Tensor) -> Tensor:
    """Pictures (B, 3, N, N) at the networks' size."""
    return F.adaptive_avg_pool2d(pictures, INTERNAL_SIZE)
