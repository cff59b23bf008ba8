"""The part of W that finds where every cell comes from, rearranged (spec: networks, sections 4.1 and 8)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...modules.dense_motion import DenseMotionNetwork
from .fold import fold_batch_norm, parameters
from .fourier_conv import FourierConv3d
from .hourglass import FusedHourglass
from .separable import blend_shifts, gaussians, sample_shifted


class FusedDenseMotion(nn.Module):
    """Blends the motions of the keypoints, without ever making the grids of these motions.

    The input's channels are ordered anew: first what the motions show, then the heatmaps, and the one that is always
    zero is left out.

    Args:
        network: with its weights.
        dtype: of the hourglass.
    """

    compress: Tensor
    compress_bias: Tensor

    def __init__(self, network: DenseMotionNetwork, dtype: torch.dtype) -> None:
        super().__init__()
        compress, bias = fold_batch_norm(network.compress, network.norm)
        self.register_buffer("compress", compress.flatten(1))  # (c, C)
        self.register_buffer("compress_bias", bias[:, None])
        channels, motions = len(bias), network.mask.out_channels
        planes = torch.arange(motions * (1 + channels)).view(motions, 1 + channels)
        self.hourglass = FusedHourglass(network.hourglass, torch.cat([planes[:, 1:].flatten(), planes[1:, 0]]), dtype)
        self.mask = FourierConv3d(*parameters(network.mask))
        self.occlusion = None if network.occlusion is None else _Occlusion(network.occlusion)
        self.variance = network.kp_variance

    def forward(self, volume: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor]:
        """See `FusedWarping.forward`."""
        d, h, w = volume.shape[2:]
        compressed = F.relu_(torch.matmul(self.compress, volume.flatten(2)) + self.compress_bias)  # (., c, D * H * W)
        shift = kp_source.double() - kp_driving
        still = torch.cat([torch.zeros_like(shift[:, :1]), shift], dim=1)
        shown = sample_shifted(compressed.unflatten(2, (d, h, w)), still)  # (B, K + 1, c, D, H, W)
        heat = gaussians(kp_driving, (d, h, w), self.variance) - gaussians(kp_source, (d, h, w), self.variance)
        x = torch.cat([shown.flatten(1, 2).movedim(1, -1), heat], dim=-1)  # (B, D, H, W, channels)
        x = self.hourglass(x).to(x.dtype)  # (B, channels, D, H, W)
        mask = self.mask(x).softmax(dim=1)  # (B, K + 1, D, H, W)
        result = {"deformation": blend_shifts(mask[:, 1:].movedim(1, -1), shift.to(mask.dtype))}
        if self.occlusion is not None:
            result["occlusion_map"] = torch.sigmoid(self.occlusion(x.flatten(1, 2)))
        return result


class _Occlusion(nn.Module):
    """A convolution with one output, as one product whose rows are the taps, moved into place and summed."""

    weight: Tensor
    bias: Tensor

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        weight, bias = parameters(conv)
        self.kernel = weight.shape[-1]
        self.register_buffer("weight", weight[0].flatten(1).T.contiguous())  # (k * k, C)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        taps = torch.matmul(self.weight, x.flatten(2))  # (B, k * k, H * W)
        height, width = x.shape[2:]
        taps = F.pad(taps.view(len(x), -1, height, width), [self.kernel // 2] * 4)
        out = self.bias.view(1, 1, 1, 1)
        for tap in range(self.kernel**2):
            y0, x0 = divmod(tap, self.kernel)
            out = out + taps[:, tap : tap + 1, y0 : y0 + height, x0 : x0 + width]
        return out
