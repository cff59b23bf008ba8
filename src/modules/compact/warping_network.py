"""W of the compact model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks import SameBlock2d
from .dense_motion import CompactDenseMotionNetwork


class CompactWarpingNetwork(nn.Module):
    """Warps the source's feature volume, and says how to warp the source's picture.

    Args:
        num_kp: keypoints.
        block_expansion: with `num_down_blocks`, the width of the output: block_expansion * 2 ** num_down_blocks.
        max_features: channels of the volume seen as a map: reshape_channel * depth.
        num_down_blocks: see `block_expansion`.
        reshape_channel: channels of the volume.
        dense_motion_params: further arguments of `CompactDenseMotionNetwork`.
    """

    def __init__(
        self,
        num_kp: int,
        block_expansion: int,
        max_features: int,
        num_down_blocks: int,
        reshape_channel: int,
        dense_motion_params: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.dense_motion_network = CompactDenseMotionNetwork(
            num_kp=num_kp, feature_channel=reshape_channel, **dense_motion_params
        )
        width = block_expansion * 2**num_down_blocks
        self.third = SameBlock2d(max_features, width, slope=0.01)
        self.fourth = nn.Conv2d(width, width, 1)

    def forward(self, feature_3d: Tensor, kp_driving: Tensor, kp_source: Tensor) -> tuple[Tensor, Tensor]:
        """Warp one source to B driving poses.

        Args:
            feature_3d: volume of F, (1, C, D, H, W), or one a frame, (B, C, D, H, W).
            kp_driving: (B, 21, 3) in crop coordinates.
            kp_source: (1, 21, 3) or (B, 21, 3).

        Returns:
            Feature for G, (B, width, H, W), and the picture's flow in crop coordinates, (B, 2, S, S).
        """
        kp_source = kp_source.expand_as(kp_driving)
        deformation, occlusion, flow = self.dense_motion_network(feature_3d, kp_driving, kp_source)
        volume = feature_3d.expand(kp_driving.shape[0], *feature_3d.shape[1:])
        warped = F.grid_sample(volume, deformation, align_corners=False).flatten(1, 2)  # (B, C * D, H, W)
        return self.fourth(self.third(warped)) * occlusion, flow
