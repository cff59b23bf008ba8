"""W of the compact model, fused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...modules.blocks import Hourglass
from ...modules.compact.grid import centre_grid
from ...modules.compact.keypoints import NUM_KP, OUTLINE_POINTS, with_lip_edge
from ...modules.compact.warping_network import CompactWarpingNetwork
from .compact_conv import Conv
from .compact_flow import Calm, splat
from .compact_motion import Motions, gaussians, sample_shifted, shares, squares
from .fold import fold_batch_norm, parameters
from .row_sampling import sample_rows

_HEATMAP_VARIANCE = 0.01


@dataclass(frozen=True)
class SourceVolume:
    """What W needs of a feature volume, whatever the driving pose.

    Attributes:
        slices: the volume compressed to one channel, (1 or B, D, H, W).
        rows: the volume in channels-last order, (1 or B, D * H * W, C).
    """

    slices: Tensor
    rows: Tensor


class FusedWarping:
    """Computes what `CompactWarpingNetwork` computes.

    Args:
        network: with its weights, ready for inference.
    """

    def __init__(self, network: CompactWarpingNetwork) -> None:
        dense = network.dense_motion_network
        self._compress, self._compress_norm = dense.compress, dense.norm
        assert dense.compress.out_channels == 1, "the fused form samples one channel per motion"
        self._hourglass = _FusedHourglass(dense.hourglass)
        self._mask = Conv(*parameters(dense.mask))
        depth = dense.occlusion.in_channels // self._hourglass.width
        pairs = zip(parameters(dense.occlusion), parameters(dense.mask2d), strict=True)
        flat, bias = (torch.cat(pair) for pair in pairs)  # (27, C * D, 3, 3) and (27,)
        self._flat = Conv(flat.unflatten(1, (-1, depth)), bias)
        weight, bias = fold_batch_norm(network.third.conv, network.third.norm)
        self._third = Conv(weight.unflatten(1, (-1, depth)).transpose(1, 2).flatten(1, 2), bias)
        self._slope = network.third.slope
        self._fourth = Conv(*parameters(network.fourth))
        self._background, self._sigma = dense.background_logit, dense.sigma
        self._splat_sigma, self._points = dense.splat_sigma, _points_matrix(dense.lip_edge, like=dense.sigma)
        self._flow_grid = centre_grid(dense.flow_size, dense.flow_size, like=dense.sigma)
        self._calm = Calm(dense.flow_size, like=dense.sigma)

    def prepare(self, feature_3d: Tensor) -> SourceVolume:
        """Do once per source what does not depend on the driving pose: volumes (1 or B, C, D, H, W)."""
        slices = F.relu(self._compress_norm(self._compress(feature_3d)))[:, 0]
        return SourceVolume(slices, feature_3d.flatten(2).mT.contiguous())

    def __call__(self, volume: SourceVolume, kp_driving: Tensor, kp_source: Tensor) -> tuple[Tensor, Tensor]:
        """Warp: as `CompactWarpingNetwork`, keypoints (B, 21, 3) and (1 or B, 21, 3)."""
        motions = Motions.between(kp_driving, kp_source)
        x = self._hourglass(self._input(volume, motions))  # (B, C, D, H, W)
        flat = self._flat(x)[:, :, 0]  # (B, 27, H, W)
        feature = self._fourth(self._warped(volume, motions, self._mask(x)))
        return feature.mul_(flat[:, :1].sigmoid()), self._flow(flat[:, 1:], motions)

    def _input(self, volume: SourceVolume, motions: Motions) -> Tensor:
        """Heatmaps of K keypoints, the volume as each moves it, and the volume as it is: (B, 2 K + 1, D, H, W)."""
        depth, height, width = volume.slices.shape[1:]
        keypoints = motions.driving, motions.source
        driving, source = (gaussians(kp, depth, height, width, _HEATMAP_VARIANCE) for kp in keypoints)
        heat = driving - source
        moved = sample_shifted(volume.slices, motions).view_as(heat)
        still = volume.slices[:, None].expand(len(heat), -1, -1, -1, -1)
        return torch.cat([heat, moved, still], 1).contiguous(memory_format=torch.channels_last_3d)

    def _warped(self, volume: SourceVolume, motions: Motions, logits: Tensor) -> Tensor:
        """The volume moved by the blend that logits (B, K + 1, D, H, W) give, convolved: (B, C, H, W)."""
        depth, height, width = logits.shape[2:]
        logits = logits.permute(0, 3, 4, 2, 1)  # (B, H, W, D, K + 1): a cell's slices become channels
        across, down = self._prior(motions, width), self._prior(motions, height, background=0.0, axis=1)
        share = shares(logits + (across[:, None] + down[:, :, None])[:, :, :, None]).flatten(1, 3)
        grid = centre_grid(depth, height, width, like=share).permute(1, 2, 0, 3).reshape(-1, 3)
        rows = sample_rows(volume.rows, grid + motions.blend(share, grid), (depth, height, width))
        warped = rows.view(len(rows), height, width, -1).permute(0, 3, 1, 2)  # (B, D * C, H, W)
        return F.leaky_relu_(self._third(warped), self._slope)

    def _flow(self, logits: Tensor, motions: Motions) -> Tensor:
        """The picture's flow from logits (B, K + 1, H, W): (B, 2, S, S)."""
        size = self._flow_grid.shape[:2]
        logits = logits.contiguous(memory_format=torch.channels_last)
        logits = F.interpolate(logits, size=size, mode="bilinear", align_corners=False).permute(0, 2, 3, 1)
        logits += self._prior(motions, size[1])[:, None]
        logits += self._prior(motions, size[0], background=0.0, axis=1)[:, :, None]
        flow = motions.blend(shares(logits).flatten(1, 2), self._flow_grid.flatten(0, 1))
        driving, source = (self._points @ kp[..., :2] for kp in (motions.driving, motions.source))
        return self._calm(splat(flow.mT.unflatten(2, size), driving, source, self._splat_sigma), motions.driving)

    def _prior(self, motions: Motions, n: int, background: float | None = None, axis: int = 0) -> Tensor:
        """One axis' share of the prior of each motion, (B, n, K + 1): squared distances are sums over the axes."""
        prior = squares(motions.driving[..., axis], n) / (-2 * self._sigma[:, None] ** 2)  # (B, K, n)
        value = self._background if background is None else background
        return F.pad(prior.mT, (1, 0), value=value)


class _FusedHourglass:
    """`Hourglass` with batch norms folded, in channels-last order, for an input without the background's heatmap.

    That one is zero everywhere, so its kernels are dropped; the others are put in the order in which the maps are made.
    """

    def __init__(self, hourglass: Hourglass) -> None:
        downs: Any = hourglass.encoder.down_blocks
        decoder: Any = hourglass.decoder
        channels = downs[0].conv.in_channels
        order = torch.tensor([*range(2, channels, 2), *range(3, channels, 2), 1])
        self.width = hourglass.out_features
        weight, bias = fold_batch_norm(downs[0].conv, downs[0].norm)
        self._down = [
            Conv(weight[:, order], bias),
            *(Conv(*fold_batch_norm(down.conv, down.norm)) for down in downs[1:]),
        ]
        self._up = [Conv(*fold_batch_norm(up.conv, up.norm)) for up in decoder.up_blocks]
        weight, bias = fold_batch_norm(decoder.conv, decoder.norm)
        kept = weight.shape[1] - channels
        self._last = Conv(torch.cat([weight[:, :kept], weight[:, kept:][:, order]], 1), bias)

    def __call__(self, x: Tensor) -> Tensor:
        maps = [x]
        for conv in self._down:
            maps.append(_halved(conv(maps[-1]).relu_()))
        x = maps.pop()
        for conv in self._up:
            x = torch.cat([conv(_doubled(x)).relu_(), maps.pop()], 1)
        return self._last(x).relu_()


def _points_matrix(lip_edge: Tensor | None, like: Tensor) -> Tensor:
    """Matrix from keypoints with their outline to the points where the flow is known, (25 or 35, 25)."""
    points = torch.eye(NUM_KP + OUTLINE_POINTS).to(like)  # one axis of space a keypoint
    return points if lip_edge is None else with_lip_edge(points[None], lip_edge)[0]


def _halved(x: Tensor) -> Tensor:
    """Average over 1 x 2 x 2: of slices as pictures, which is much faster than of a volume."""
    return _by_slices(x, lambda pictures: F.avg_pool2d(pictures, 2))


def _doubled(x: Tensor) -> Tensor:
    """Nearest enlargement by 1 x 2 x 2."""
    return _by_slices(x, lambda pictures: F.interpolate(pictures, scale_factor=2.0))


def _by_slices(x: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
    slices = change(x.transpose(1, 2).flatten(0, 1))  # (B * D, C, H, W), a view in channels-last order
    return slices.unflatten(0, (len(x), -1)).transpose(1, 2)
