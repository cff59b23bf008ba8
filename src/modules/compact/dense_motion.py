"""Dense motion of the compact W: a deformation of the feature volume, and a flow of the picture itself."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks import Hourglass
from .calm import calm
from .candidates import blend, candidate_motions, squared_distances
from .grid import centre_grid
from .keypoints import OUTLINE_POINTS, fit_affine, lip_edge_weights, with_lip_edge, with_outline
from .splat import splat

_HEATMAP_VARIANCE = 0.01


class CompactDenseMotionNetwork(nn.Module):
    """Blends one candidate motion per keypoint into two dense ones.

    Other than in the faithful network, the candidates share an affine map and include points of the head's outline, and
    distances to the keypoints are added to the logits of the blend: a usable warp before any training.

    Args:
        block_expansion: width of the hourglass.
        num_blocks: its levels.
        max_features: its widest level.
        num_kp: keypoints, the outline's points not counted.
        feature_channel: channels of the feature volume.
        reshape_depth: its depth.
        compress: channels that it is reduced to.
        background_logit: prior of the motion that stays.
        prior_sigma: reach of a keypoint in the blend, in crop units.
        prior_sigmas: keypoint -> its reach where it differs; the outline's points come after the keypoints.
        flow_size: side of the picture's flow.
        splat_width: width of the splatted corrections, in reaches.
        lip_edge_reach: reach of ten points of the lips' outer edge, at which the flow is corrected as at the keypoints;
            None: it is not.
    """

    sigma: Tensor
    splat_sigma: Tensor
    lip_edge: Tensor | None

    def __init__(
        self,
        block_expansion: int,
        num_blocks: int,
        max_features: int,
        num_kp: int,
        feature_channel: int,
        reshape_depth: int,
        compress: int,
        background_logit: float,
        prior_sigma: float,
        prior_sigmas: Mapping[int, float],
        flow_size: int,
        splat_width: float,
        lip_edge_reach: float | None = None,
    ) -> None:
        super().__init__()
        num_motions = num_kp + OUTLINE_POINTS + 1
        self.hourglass = Hourglass(block_expansion, num_motions * (compress + 1), num_blocks, max_features)
        width = self.hourglass.out_features
        self.mask = nn.Conv3d(width, num_motions, 3, padding=1)
        self.compress = nn.Conv3d(feature_channel, compress, 1)
        self.norm = nn.BatchNorm3d(compress)
        self.occlusion = nn.Conv2d(width * reshape_depth, 1, 3, padding=1)
        self.mask2d = nn.Conv2d(width * reshape_depth, num_motions, 3, padding=1)
        self.background_logit, self.flow_size = background_logit, flow_size
        sigma = [prior_sigmas.get(k, prior_sigma) for k in range(num_motions - 1)]
        lip_edge = None if lip_edge_reach is None else lip_edge_weights()
        reaches = sigma if lip_edge_reach is None else sigma + [lip_edge_reach] * len(lip_edge_weights())
        self.register_buffer("sigma", torch.tensor(sigma), persistent=False)
        self.register_buffer("splat_sigma", torch.tensor(reaches) * splat_width, persistent=False)
        self.register_buffer("lip_edge", lip_edge)  # goes with the weights: those without it work without these points

    def forward(self, feature_3d: Tensor, kp_driving: Tensor, kp_source: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict both motions.

        Args:
            feature_3d: (1, C, D, H, W) for all frames, or (B, C, D, H, W).
            kp_driving: (B, 21, 3).
            kp_source: (B, 21, 3).

        Returns:
            Deformation of the volume (B, D, H, W, 3); occlusion map (B, 1, H, W) in 0..1; the picture's flow
            (B, 2, S, S): position in the driving picture + flow = position in the source picture.
        """
        depth, height, width = feature_3d.shape[2:]
        affine = fit_affine(kp_driving, kp_source)
        kp_driving, kp_source = with_outline(kp_driving), with_outline(kp_source)  # (B, 25, 3)
        grid = centre_grid(depth, height, width, like=kp_driving)
        motions = candidate_motions(grid, kp_driving, kp_source, affine)  # (B, 26, D, H, W, 3)
        deformed = self._deformed(feature_3d, motions)
        heatmaps = _gaussians(grid, kp_driving) - _gaussians(grid, kp_source)
        heatmaps = F.pad(heatmaps, (0, 0, 0, 0, 0, 0, 1, 0))[:, :, None]  # the background has none
        x = self.hourglass(torch.cat([heatmaps, deformed], 2).flatten(1, 2))
        distances = squared_distances(kp_driving, height, width)[:, :, None]  # (B, 25, 1, H, W)
        deformation = blend(motions, self._with_prior(self.mask(x), distances))
        flat = x.flatten(1, 2)  # (B, width * D, H, W)
        return deformation, torch.sigmoid(self.occlusion(flat)), self._flow(flat, kp_driving, kp_source, affine)

    def _deformed(self, feature_3d: Tensor, motions: Tensor) -> Tensor:
        """The volume as each motion would have it, (B, 26, compress, D, H, W)."""
        compressed = F.relu(self.norm(self.compress(feature_3d)))
        compressed = compressed.expand(motions.shape[0], *compressed.shape[1:])
        # All motions sample the same volume, so they can stand one after the other along the depth.
        sampled = F.grid_sample(compressed, motions.flatten(1, 2), align_corners=False)
        return sampled.unflatten(2, motions.shape[1:3]).transpose(1, 2)

    def _flow(self, flat: Tensor, kp_driving: Tensor, kp_source: Tensor, affine: Tensor) -> Tensor:
        size = (self.flow_size, self.flow_size)
        grid = centre_grid(*size, like=kp_driving)
        motions = candidate_motions(grid, kp_driving, kp_source, affine)  # (B, 26, S, S, 2)
        distances = squared_distances(kp_driving, *size)
        logits = F.interpolate(self.mask2d(flat), size=size, mode="bilinear", align_corners=False)
        flow = (blend(motions, self._with_prior(logits, distances)) - grid).permute(0, 3, 1, 2)
        return calm(self._corrected(flow, kp_driving, kp_source, distances), kp_driving)

    def _corrected(self, flow: Tensor, kp_driving: Tensor, kp_source: Tensor, squared_distance: Tensor) -> Tensor:
        """The flow made exact at the keypoints, the outline, and the lips' edge."""
        if self.lip_edge is not None:
            kp_driving, kp_source = (with_lip_edge(kp, self.lip_edge) for kp in (kp_driving, kp_source))  # (B, 35, 3)
            squared_distance = squared_distances(kp_driving, self.flow_size, self.flow_size)
        return splat(flow, kp_driving, kp_source, squared_distance, self.splat_sigma)

    def _with_prior(self, logits: Tensor, squared_distance: Tensor) -> Tensor:
        sigma = self.sigma.view(-1, *[1] * (squared_distance.dim() - 2))
        prior = -squared_distance / (2 * sigma**2)
        background = torch.full_like(prior[:, :1], self.background_logit)
        return logits + torch.cat([background, prior], 1)


def _gaussians(grid: Tensor, kp: Tensor) -> Tensor:
    """A blob at each keypoint, (B, K, D, H, W)."""
    return torch.exp(-((grid - kp[:, :, None, None, None]) ** 2).sum(-1) / (2 * _HEATMAP_VARIANCE))
