"""Network W: warps the source's feature volume to the driving keypoints (spec: networks, section 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from .blocks import SameBlock2d
from .dense_motion import DenseMotionNetwork
from .grid import sample


class WarpingNetwork(nn.Module):
    """W: a feature volume and two sets of keypoints to a 2-D feature map for G.

    Args:
        dense_motion_params: the remaining arguments of `DenseMotionNetwork`.
        num_kp: number of keypoints, K.
        block_expansion: width of the output is block_expansion * 2 ** num_down_blocks.
        max_features: channels of the flattened volume.
        num_down_blocks: see block_expansion.
        reshape_channel: channels of the volume, C.
        estimate_occlusion_map: whether to estimate what the source does not show.
        flag_use_occlusion_map: whether to dim the output by that estimate.
        third_kernel: odd side of the kernel that reads the flattened volume.
        third_slope: negative slope of the activation after it.

    Raises:
        ValueError: max_features is not reshape_channel * reshape_depth, or a kernel is even.
    """

    def __init__(
        self,
        dense_motion_params: Mapping[str, Any],
        num_kp: int = 21,
        block_expansion: int = 64,
        max_features: int = 512,
        num_down_blocks: int = 2,
        reshape_channel: int = 32,
        estimate_occlusion_map: bool = True,
        flag_use_occlusion_map: bool = True,
        third_kernel: int = 3,
        third_slope: float = 0.01,
    ) -> None:
        super().__init__()
        depth = dense_motion_params["reshape_depth"]
        if max_features != reshape_channel * depth:
            raise ValueError(
                f"W flattens its volume into channels, so max_features must be reshape_channel * reshape_depth: "
                f"got {max_features} and {reshape_channel} * {depth} = {reshape_channel * depth}"
            )
        if third_kernel % 2 == 0:
            raise ValueError(f"third_kernel must be odd to keep the map's size, got {third_kernel}")
        self.dense_motion_network = DenseMotionNetwork(
            num_kp=num_kp,
            feature_channel=reshape_channel,
            estimate_occlusion_map=estimate_occlusion_map,
            **dense_motion_params,
        )
        out_features = block_expansion * 2**num_down_blocks
        self.third = SameBlock2d(max_features, out_features, third_kernel, slope=third_slope)
        self.fourth = nn.Conv2d(out_features, out_features, 1)
        self.flag_use_occlusion_map = flag_use_occlusion_map

    def forward(self, feature_3d: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor | None]:
        """Warp a volume. Mind the order of the keypoints; pass them by name.

        Args:
            feature_3d: the source's volume, (B, C, D, H, W).
            kp_driving: (B, K, 3).
            kp_source: (B, K, 3).

        Returns:
            ``out`` (B, block_expansion * 2 ** num_down_blocks, H, W); ``deformation`` (B, D, H, W, 3), where each cell
            comes from; ``occlusion_map`` (B, 1, H, W) in 0..1, or None if it is not estimated.
        """
        motion = self.dense_motion_network(feature_3d, kp_driving=kp_driving, kp_source=kp_source)
        occlusion_map = motion.get("occlusion_map")
        out = sample(feature_3d, motion["deformation"]).flatten(1, 2)  # (B, C * D, H, W), channel = c * D + d
        out = self.fourth(self.third(out))
        if occlusion_map is not None and self.flag_use_occlusion_map:
            out = out * occlusion_map
        return {"out": out, "occlusion_map": occlusion_map, "deformation": motion["deformation"]}
