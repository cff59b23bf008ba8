"""ConvNeXt V2, the backbone of network M, with M's heads (spec: networks, sections 1 and 3)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPS = 1e-6  # of every LayerNorm and of GRN


class LayerNorm2d(nn.LayerNorm):
    """LayerNorm over the channels of each pixel: (B, C, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise each pixel."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class GRN(nn.Module):
    """Global response normalisation, channels last: (B, H, W, C) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, 1, channels))
        self.beta = nn.Parameter(torch.zeros(1, 1, 1, channels))

    def forward(self, x: Tensor) -> Tensor:
        """Scale each channel by its share of the whole response."""
        response = x.norm(p=2, dim=(1, 2), keepdim=True)  # (B, 1, 1, C); float32 even under autocast
        share = response / (response.mean(dim=-1, keepdim=True) + EPS)
        return self.gamma * (x * share) + self.beta + x


class Block(nn.Module):
    """Depthwise convolution and an inverted bottleneck around a residual: (B, C, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=EPS)
        self.pwconv1 = nn.Linear(channels, 4 * channels)
        self.grn = GRN(4 * channels)
        self.pwconv2 = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))  # (B, H, W, C)
        y = self.pwconv2(self.grn(F.gelu(self.pwconv1(y))))
        return x + y.permute(0, 3, 1, 2)


class ConvNeXtV2(nn.Module):
    """Backbone and heads: (B, 3, H, W) in 0..1, H and W divisible by 32, to the raw output of every head.

    Args:
        num_kp: number of keypoints, K.
        num_bins: classes of each head-pose angle.
        in_channels: colours of the picture.
        depths: blocks of each of the four stages.
        dims: channels of each of the four stages.

    Raises:
        ValueError: depths and dims differ in length.
    """

    def __init__(
        self,
        num_kp: int = 24,
        num_bins: int = 66,
        in_channels: int = 3,
        depths: Sequence[int] = (3, 3, 9, 3),
        dims: Sequence[int] = (96, 192, 384, 768),
    ) -> None:
        super().__init__()
        if len(depths) != len(dims) or not dims:
            raise ValueError(f"depths and dims need one entry for each stage, got {list(depths)} and {list(dims)}")
        stem = nn.Sequential(nn.Conv2d(in_channels, dims[0], 4, stride=4), LayerNorm2d(dims[0]))
        self.downsample_layers = nn.ModuleList([stem])
        for fin, fout in pairwise(dims):
            self.downsample_layers.append(nn.Sequential(LayerNorm2d(fin), nn.Conv2d(fin, fout, 2, stride=2)))
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(dim) for _ in range(depth))) for depth, dim in zip(depths, dims, strict=True)
        )
        self.norm = nn.LayerNorm(dims[-1], eps=EPS)
        self.fc_kp = nn.Linear(dims[-1], 3 * num_kp)
        self.fc_scale = nn.Linear(dims[-1], 1)
        self.fc_pitch = nn.Linear(dims[-1], num_bins)
        self.fc_yaw = nn.Linear(dims[-1], num_bins)
        self.fc_roll = nn.Linear(dims[-1], num_bins)
        self.fc_t = nn.Linear(dims[-1], 3)
        self.fc_exp = nn.Linear(dims[-1], 3 * num_kp)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Run the backbone and all heads.

        Returns:
            Raw outputs: ``pitch``, ``yaw``, ``roll`` (B, num_bins); ``t`` (B, 3); ``exp``, ``kp`` (B, 3K);
            ``scale`` (B, 1).
        """
        for downsample, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(downsample(x))
        x = self.norm(x.mean(dim=(2, 3)))  # (B, C)
        return {
            "pitch": self.fc_pitch(x),
            "yaw": self.fc_yaw(x),
            "roll": self.fc_roll(x),
            "t": self.fc_t(x),
            "exp": self.fc_exp(x),
            "scale": self.fc_scale(x),
            "kp": self.fc_kp(x),
        }
