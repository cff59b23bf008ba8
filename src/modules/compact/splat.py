"""Splat: make a flow exact where it is known, at the keypoints."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def splat(flow: Tensor, kp_driving: Tensor, kp_source: Tensor, squared_distance: Tensor, sigma: Tensor) -> Tensor:
    """Add to a flow what it misses at the keypoints, spread by Gaussians, in three rounds.

    Args:
        flow: (B, 2, S, S) in crop coordinates.
        kp_driving: (B, K, 3).
        kp_source: (B, K, 3).
        squared_distance: of each cell to each driving keypoint, (B, K, S, S).
        sigma: width of each Gaussian, (K,).

    Returns:
        (B, 2, S, S).
    """
    wanted = (kp_source - kp_driving)[..., :2]  # (B, K, 2)
    gauss = torch.exp(-squared_distance / (2 * sigma[:, None, None] ** 2))
    gauss = gauss / gauss.sum(1, keepdim=True).clamp(min=1)
    for _ in range(3):
        found = F.grid_sample(flow, kp_driving[:, :, None, :2], padding_mode="border", align_corners=False)
        missing = wanted - found[..., 0].mT  # (B, K, 2)
        flow = flow + torch.einsum("bkhw,bkc->bchw", gauss, missing)
    return flow
