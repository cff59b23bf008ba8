"""The part of W that finds where every cell of the volume comes from (spec: networks, section 4.1, steps 1-9)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blocks import Hourglass
from .grid import keypoints_to_gaussians, make_coordinate_grid, sample


class DenseMotionNetwork(nn.Module):
    """Blends the motions of the keypoints, and one that stays put, into one motion of every cell.

    Args:
        block_expansion: width of the hourglass at full resolution.
        num_blocks: levels of the hourglass; H and W must be divisible by 2 ** num_blocks.
        max_features: upper limit of the hourglass's width.
        num_kp: number of keypoints, K.
        feature_channel: channels of the volume, C.
        reshape_depth: depth of the volume, D.
        compress: channels that the volume is reduced to before it is tried with each motion.
        estimate_occlusion_map: whether to estimate what the source does not show.
        mask_kernel: odd side of the mask's kernel.
        occlusion_kernel: odd side of the occlusion map's kernel.
        kp_variance: variance of the Gaussians that mark the keypoints.

    Raises:
        ValueError: an even kernel, or a depth below 2.
    """

    def __init__(
        self,
        block_expansion: int = 32,
        num_blocks: int = 5,
        max_features: int = 1024,
        num_kp: int = 21,
        feature_channel: int = 32,
        reshape_depth: int = 16,
        compress: int = 4,
        estimate_occlusion_map: bool = True,
        mask_kernel: int = 7,
        occlusion_kernel: int = 7,
        kp_variance: float = 0.01,
    ) -> None:
        super().__init__()
        for name, kernel in (("mask_kernel", mask_kernel), ("occlusion_kernel", occlusion_kernel)):
            if kernel % 2 == 0:
                raise ValueError(f"{name} must be odd to keep the map's size, got {kernel}")
        if reshape_depth < 2:
            raise ValueError(f"reshape_depth must be at least 2 for a grid over the depth, got {reshape_depth}")
        motions = num_kp + 1
        self.hourglass = Hourglass(block_expansion, motions * (compress + 1), num_blocks, max_features)
        out = self.hourglass.out_features
        self.mask = nn.Conv3d(out, motions, mask_kernel, padding=mask_kernel // 2)
        self.compress = nn.Conv3d(feature_channel, compress, 1)
        self.norm = nn.BatchNorm3d(compress)
        self.occlusion: nn.Conv2d | None = None
        if estimate_occlusion_map:
            self.occlusion = nn.Conv2d(out * reshape_depth, 1, occlusion_kernel, padding=occlusion_kernel // 2)
        self.kp_variance = kp_variance

    def forward(self, feature: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor]:
        """Find the motion from the source to the driving keypoints.

        Args:
            feature: the source's volume, (B, C, D, H, W).
            kp_driving: (B, K, 3).
            kp_source: (B, K, 3).

        Returns:
            ``mask`` (B, K+1, D, H, W), the share of each motion; ``deformation`` (B, D, H, W, 3), where each cell
            comes from; ``occlusion_map`` (B, 1, H, W) in 0..1, if it is estimated.
        """
        d, h, w = feature.shape[2:]
        grid = make_coordinate_grid((d, h, w), feature.device, kp_source.dtype)
        motions = self.sparse_motions(grid, kp_driving, kp_source)  # (B, K+1, D, H, W, 3)
        deformed = self.deform(F.relu(self.norm(self.compress(feature))), motions)  # (B, K+1, c, D, H, W)
        heatmap = self.heatmap(grid, kp_driving, kp_source)  # (B, K+1, 1, D, H, W)
        x = torch.cat([heatmap, deformed], dim=2).flatten(1, 2)  # (B, (K+1) * (1 + c), D, H, W)
        x = self.hourglass(x)
        mask = F.softmax(self.mask(x), dim=1)  # (B, K+1, D, H, W)
        # A product and a sum, not an einsum: autocast would run that in float16 and move the sampling positions.
        result = {"mask": mask, "deformation": (mask[..., None] * motions).sum(dim=1)}  # (B, D, H, W, 3)
        if self.occlusion is not None:
            result["occlusion_map"] = torch.sigmoid(self.occlusion(x.flatten(1, 2)))  # channel = c * D + d
        return result

    @staticmethod
    def sparse_motions(grid: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
        """The K+1 candidates (B, K+1, D, H, W, 3): no motion, then each keypoint's way from driving back to source."""
        driving, source = (kp[:, :, None, None, None] for kp in (kp_driving, kp_source))  # (B, K, 1, 1, 1, 3)
        return torch.cat([grid.expand(len(kp_source), 1, *grid.shape), (grid - driving) + source], dim=1)

    @staticmethod
    def deform(feature: Tensor, motions: Tensor) -> Tensor:
        """The volume (B, c, D, H, W) as each of the motions (B, K+1, D, H, W, 3) shows it: (B, K+1, c, D, H, W)."""
        repeated = feature[:, None].expand(-1, motions.shape[1], -1, -1, -1, -1).flatten(0, 1)
        return sample(repeated, motions.flatten(0, 1)).unflatten(0, motions.shape[:2])

    def heatmap(self, grid: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
        """Where keypoints go to (positive) and come from (negative), zeros first: (B, K+1, 1, D, H, W)."""
        driving, source = (keypoints_to_gaussians(kp, grid, self.kp_variance) for kp in (kp_driving, kp_source))
        return F.pad(driving - source, (0, 0, 0, 0, 0, 0, 1, 0))[:, :, None]
