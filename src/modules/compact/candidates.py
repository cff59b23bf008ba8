"""Candidate motions: where the background and each of the K keypoints would send a grid, and how they are blended."""

from __future__ import annotations

import torch
from torch import Tensor


def candidate_motions(grid: Tensor, kp_driving: Tensor, kp_source: Tensor, affine: Tensor) -> Tensor:
    """Where a grid of the driving picture lies in the source, once a motion.

    Motion 0 stays; motion k carries driving keypoint k to source keypoint k, its surroundings by the affine.

    Args:
        grid: cell centres, (H, W, 2) or (D, H, W, 3).
        kp_driving: (B, K, 3).
        kp_source: (B, K, 3).
        affine: the map that all keypoints share in the plane, (B, 2, 2).

    Returns:
        (B, K + 1, H, W, 2) or (B, K + 1, D, H, W, 3).
    """
    offset = grid - _at(kp_driving, grid)
    x, y = offset[..., :1], offset[..., 1:2]
    columns = affine.view(len(affine), *[1] * grid.dim(), 2, 2)  # (B, 1, .., 2, 2)
    turned = columns[..., 0] * x + columns[..., 1] * y
    moved = torch.cat([turned, offset[..., 2:]], -1) + _at(kp_source, grid)
    return torch.cat([grid.expand(len(moved), 1, *grid.shape), moved], 1)


def squared_distances(grid: Tensor, kp: Tensor) -> Tensor:
    """Squared distance, in the plane, of each cell to each keypoint: (B, K, H, W) or (B, K, D, H, W), as the grid."""
    return ((grid - _at(kp, grid))[..., :2] ** 2).sum(-1)


def blend(motions: Tensor, logits: Tensor) -> Tensor:
    """Mean of the candidate motions, weighted by the softmax of (B, K + 1, ...) logits."""
    return (motions * logits.softmax(1)[..., None]).sum(1)


def _at(kp: Tensor, grid: Tensor) -> Tensor:
    """Keypoints shaped to broadcast over a grid: (B, K, 1, .., n)."""
    return kp[..., : grid.shape[-1]].reshape(*kp.shape[:2], *[1] * (grid.dim() - 1), grid.shape[-1])
