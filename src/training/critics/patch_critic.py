"""Patch discriminators with spectral norm, at one and at several scales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import cached

from ...errors import InputError
from ..checks import check_pictures

_SLOPE = 0.2


class Verdict(NamedTuple):
    """What a critic says of pictures at one scale.

    Attributes:
        logits: (B, 1, h, w), one a patch; high for real ones.
        features: of every layer before, (B, channels, h, w) each.
    """

    logits: Tensor
    features: list[Tensor]


class PatchCritic(nn.Module):
    """Judges overlapping patches of pictures: strided convolutions with spectral norm, no other norm.

    Source: Isola et al. (pix2pix, arXiv 1611.07004) section 3.2.2 for patches, which face vid2vid (arXiv 2011.15126,
    appendix) takes over; Miyato et al. (arXiv 1802.05957) for the norm. Without instance norm brightness and contrast
    are judged as well; pictures in 0..1 are taken to -1..1 (ours).

    Args:
        channels: of the layers; each halves the picture. Patches are 22 pixels a side with two layers, 46 with three,
            94 with four.
        in_channels: of the pictures.

    Raises:
        InputError: no channels.
    """

    def __init__(self, channels: Sequence[int] = (32, 64, 128), in_channels: int = 3) -> None:
        super().__init__()
        if not channels:
            raise InputError("a critic needs the channels of at least one layer, got none")
        widths = [in_channels, *channels]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(fan_in, fan_out, 4, stride=2, padding=1))
            for fan_in, fan_out in zip(widths[:-1], channels, strict=True)
        )
        self.head = spectral_norm(nn.Conv2d(channels[-1], 1, 4, padding=1))

    @property
    def least(self) -> int:
        """Smallest side of a picture that it can judge."""
        return 2 ** (len(self.layers) + 1)

    def forward(self, pictures: Tensor) -> Verdict:
        """Judge pictures (B, in_channels, H, W) in 0..1.

        Raises:
            InputError: pictures of another shape or too small.
        """
        check_pictures(pictures, least=self.least)
        x = pictures * 2 - 1
        features = []
        with cached():
            self._normalise(pictures.device)
            for layer in self.layers:
                x = F.leaky_relu(layer(x), _SLOPE)
                features.append(x)
            return Verdict(self.head(x), features)

    def _normalise(self, device: torch.device) -> None:
        """Compute the weights of all layers in float32, for the cache to keep until the convolutions take them."""
        with torch.autocast(device.type, enabled=False):
            for layer in (*self.layers, self.head):
                _ = layer.weight


class MultiScaleCritic(nn.Module):
    """One patch critic for each scale of the pictures: 1, 1/2, 1/4 ...

    Source: Wang et al. (pix2pixHD, arXiv 1711.11585) section 3.2; face vid2vid uses two scales for
    pictures of 512, one for 256 (appendix).

    Args:
        channels: of each critic, see `PatchCritic`.
        in_channels: of the pictures.
        scales: how many.

    Raises:
        InputError: no channels or no scales.
    """

    def __init__(self, channels: Sequence[int] = (32, 64, 128), in_channels: int = 3, scales: int = 2) -> None:
        super().__init__()
        if scales < 1:
            raise InputError(f"a critic needs at least one scale, got {scales}")
        self.critics = nn.ModuleList(PatchCritic(channels, in_channels) for _ in range(scales))
        self._least = 2 ** (len(channels) + scales)  # that of the first one, doubled for each further scale

    @property
    def least(self) -> int:
        """Smallest side of a picture that it can judge, which is halved for each scale."""
        return self._least

    def forward(self, pictures: Tensor) -> list[Verdict]:
        """Judge pictures (B, in_channels, H, W) in 0..1, largest scale first.

        Raises:
            InputError: pictures of another shape or too small.
        """
        verdicts = []
        for critic in self.critics:
            verdicts.append(critic(pictures))
            pictures = F.avg_pool2d(pictures, 2)
        return verdicts
