"""W with its weights rearranged: the same feature map with less work (spec: networks, section 8)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...modules.warping_network import WarpingNetwork
from .dense_motion import FusedDenseMotion
from .fold import fold_batch_norm, parameters
from .plane_conv import DirectConv, plane_conv
from .row_sampling import sample_rows


class FusedWarping(nn.Module):
    """W: a feature volume and keypoints to a feature map for G, (B, H, W, C), channels last.

    Args:
        network: W with its weights.
        dtype: of the convolutions; positions, shares and samples are float32 at least.
    """

    def __init__(self, network: WarpingNetwork, dtype: torch.dtype) -> None:
        super().__init__()
        self.dense_motion = FusedDenseMotion(network.dense_motion_network, dtype)
        weight, bias = fold_batch_norm(network.third.conv, network.third.norm)
        depth = network.third.conv.in_channels // network.dense_motion_network.compress.in_channels
        # from channel = c * D + d to d * C + c, as the samples come
        weight = weight.unflatten(1, (-1, depth)).transpose(1, 2).flatten(1, 2)
        self.third, self.slope = plane_conv(weight, bias, dtype), network.third.slope
        self.fourth = DirectConv(*parameters(network.fourth), dtype)
        self.uses_occlusion_map = network.flag_use_occlusion_map

    def forward(self, volume: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor]:
        """Warp a volume.

        Args:
            volume: (1, C, D, H, W) for all frames, or (B, C, D, H, W).
            kp_driving: (B, K, 3).
            kp_source: (B, K, 3).

        Returns:
            ``out`` (B, H, W, width), ``deformation`` (B, D, H, W, 3), and perhaps ``occlusion_map`` (B, 1, H, W).
        """
        motion = self.dense_motion(volume, kp_driving, kp_source)
        table = volume.flatten(2).transpose(1, 2).contiguous()  # (1 or B, D * H * W, C)
        size = (volume.shape[2], volume.shape[3], volume.shape[4])
        x = sample_rows(table, motion["deformation"], size)  # (B, D, H, W, C)
        x = x.permute(0, 2, 3, 1, 4).flatten(3).to(self.fourth.weight.dtype)  # (B, H, W, D * C)
        x = self.fourth(F.leaky_relu_(self.third(x), self.slope))
        if self.uses_occlusion_map and "occlusion_map" in motion:
            x = x * motion["occlusion_map"].movedim(1, -1).to(x.dtype)
        return {"out": x, **motion}
