"""Candidate motions: where the background and each of the K keypoints would send a grid, and how they are blended."""

from __future__ import annotations

import torch
from torch import Tensor

from .grid import cell_centres


def candidate_motions(grid: Tensor, kp_driving: Tensor, kp_source: Tensor, affine: Tensor) -> Tensor:
    """Where a grid of the driving picture lies in the source, once a motion.

    Motion 0 stays; motion k carries driving keypoint k to source keypoint k, its surroundings by the affine:
    ``affine (grid - kp_driving) + kp_source``.

    Args:
        grid: cell centres, (H, W, 2) or (D, H, W, 3).
        kp_driving: (B, K, 3).
        kp_source: (B, K, 3).
        affine: the map that all keypoints share in the plane, (B, 2, 2).

    Returns:
        (B, K + 1, H, W, 2) or (B, K + 1, D, H, W, 3).
    """
    size, n = grid.shape[:-1], grid.shape[-1]
    turned = _turn(grid.view(1, -1, n), affine)  # (B, cells, n)
    shift = (kp_source - _turn(kp_driving, affine))[..., :n]  # (B, K, n)
    moved = (turned[:, None] + shift[:, :, None]).unflatten(2, size)
    return torch.cat([grid.expand(moved.shape[0], 1, *grid.shape), moved], 1)


def squared_distances(kp: Tensor, height: int, width: int) -> Tensor:
    """Squared distance, in the plane, of each cell of a map to each keypoint: (B, K, 3) -> (B, K, height, width)."""
    x = cell_centres(width, kp) - kp[..., 0, None]  # (B, K, width)
    y = cell_centres(height, kp) - kp[..., 1, None]  # (B, K, height)
    return (x**2)[:, :, None] + (y**2)[..., None]


def blend(motions: Tensor, logits: Tensor) -> Tensor:
    """Mean of the candidate motions, weighted by the softmax of (B, K + 1, ...) logits."""
    return (motions * logits.softmax(1)[..., None]).sum(1)


def _turn(points: Tensor, affine: Tensor) -> Tensor:
    """Apply the affine in the plane, and leave z alone: (B, N, n) -> (B, N, n)."""
    plane = points[..., :2] @ affine.mT
    return torch.cat([plane, points[..., 2:].expand(plane.shape[0], -1, -1)], -1)
