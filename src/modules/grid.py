"""Coordinate grids of the published model, with their conventions (spec: networks, section 4.1).

A grid is built so that -1 and 1 are the *centres* of the outermost cells, but it is sampled as if they were the outer
*edges* (`align_corners=False`). The mismatch, a slight stretch, is part of the trained model.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def make_coordinate_grid(
    size: tuple[int, int, int], device: torch.device | None = None, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Coordinates of every cell of a (D, H, W) volume, in -1..1.

    Args:
        size: D, H, W.
        device: where to make it.
        dtype: floating type.

    Returns:
        (D, H, W, 3), components x (right), y (down), z (inward).

    Raises:
        ValueError: a side shorter than 2, for which the grid is not defined.
    """
    if min(size) < 2:
        raise ValueError(f"a coordinate grid needs at least 2 cells along each axis, got (D, H, W) = {tuple(size)}")
    z, y, x = (2 * (torch.arange(n, device=device, dtype=dtype) / (n - 1)) - 1 for n in size)
    zz, yy, xx = torch.meshgrid(z, y, x, indexing="ij")
    return torch.stack([xx, yy, zz], dim=-1)


def keypoints_to_gaussians(keypoints: Tensor, grid: Tensor, variance: float = 0.01) -> Tensor:
    """One unnormalised Gaussian bump a keypoint.

    Args:
        keypoints: (B, K, 3).
        grid: (D, H, W, 3), from `make_coordinate_grid`.
        variance: the same along all axes, in squared grid units.

    Returns:
        (B, K, D, H, W) in 0..1.
    """
    distance = (grid - keypoints[:, :, None, None, None]).square().sum(dim=-1)
    return torch.exp(-0.5 * distance / variance)


def sample(volume: Tensor, grid: Tensor) -> Tensor:
    """Values of volumes (B, C, D, H, W) at positions (B, d, h, w, 3), trilinear, zero outside: (B, C, d, h, w)."""
    return F.grid_sample(volume, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
