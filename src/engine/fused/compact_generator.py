"""G of the compact model, fused: maps in channels-last order, and every step over them done once.

Torch's instance norm copies such maps to and fro, and its pixel shuffles move single numbers; here a norm is a few
passes at the speed of the memory, and a shuffle copies whole pixels.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...modules.blocks import SPADE, SPADEResnetBlock
from ...modules.compact.face_ellipse import face_mask
from ...modules.compact.spade_generator import CompactSPADEDecoder
from .compact_aperture import LEAST
from .compact_conv import Conv
from .compact_motion import bells
from .compact_mouth import FusedMouth
from .fold import parameters
from .spade import heads, normalised

_SLOPE = 0.2
_HEAT_SIGMA, _HEAT_GAIN = 0.04, 4.0
_RESIDUAL_GAIN = 0.1
_WHITE = 255.0  # what is drawn comes in levels of bytes
_COLOURS = 3


class FusedGenerator:
    """Computes what `CompactSPADEDecoder` computes, but for the mouth's texture; pictures are in channels-last order.

    Args:
        network: with its weights, ready for inference.

    Attributes:
        mouth: the texture that is still to be mixed into the paint; None where these weights have none.
    """

    def __init__(self, network: CompactSPADEDecoder) -> None:
        self._fc = Conv(*parameters(network.fc))
        middle: list[Any] = [network.get_submodule(f"G_middle_{i}") for i in range(network.num_middle)]
        self._middle = [_FusedBlock(block) for block in middle]
        self._heat_in = Conv(network.heat_in.weight * _HEAT_GAIN, network.heat_in.bias)
        self._up_0 = _FusedBlock(network.up_0)
        conv, _ = network.up_1
        self._up_1 = Conv(*_by_place(*parameters(conv)))
        order = torch.arange(_COLOURS * 4).view(_COLOURS, 4).T.flatten()
        skip = network.skip_in.weight
        self._skip_in = Conv(torch.cat([skip[:, order], skip[:, _COLOURS * 4 :]], 1), network.skip_in.bias)
        self._refine = [Conv(*parameters(conv)) for conv in network.refine]
        texture = network.mouth_texture
        self.mouth = FusedMouth(texture) if texture is not None and texture.share > LEAST else None
        conv, _ = network.conv_img
        self._image = Conv(*_by_place(*(_with_fourth_channel(part) for part in parameters(conv))))

    def __call__(self, feature: Tensor, warped: Tensor, kp: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
        """Decode B frames.

        Args:
            feature: of W, (B, C, H, W).
            warped: the warped picture at eight times that size, (B, 8H, 8W, 3 or 4) RGB in -1..1.
            kp: of the driving frames, (B, 21, 3).
            maps: of mouths and eyes, `Openings.maps` at half of the pictures' size, (B, 4, 4H, 4W).

        Returns:
            Residual and paint in levels of 255, (B, 8H, 8W, 4) each; the fourth channel means nothing.
        """
        x = self._fc(feature)
        for block in self._middle:
            x = block(x, feature)
        x = self._up_0(self._with_heat(x, kp), feature)  # (B, C, 2H, 2W)
        x = _shuffled(self._up_1(F.leaky_relu_(x, _SLOPE)))  # (B, C, 4H, 4W)
        x += self._skip_in(
            torch.cat([_unshuffled(warped[..., :_COLOURS]), maps], 1).contiguous(memory_format=torch.channels_last)
        )
        for conv in self._refine:
            x += conv(F.leaky_relu(x, _SLOPE))
        residual, paint = _shuffled(self._image(F.leaky_relu_(x, _SLOPE))).permute(0, 2, 3, 1).chunk(2, 3)
        mask = face_mask(kp, residual.shape[1]).mul_(_RESIDUAL_GAIN * _WHITE)
        return residual * mask.permute(0, 2, 3, 1), paint.sigmoid().mul_(_WHITE)

    def _with_heat(self, x: Tensor, kp: Tensor) -> Tensor:
        """Twice the size, and a blob at each keypoint added: (B, C, H, W) to (B, C, 2H, 2W)."""
        batch, channels, height, width = x.shape
        rows, columns = bells(kp[..., 0], 2 * width, _HEAT_SIGMA**2), bells(kp[..., 1], 2 * height, _HEAT_SIGMA**2)
        heat = columns.mT[:, :, None] * rows.mT[:, None]  # (B, 2H, 2W, K)
        sums = self._heat_in(heat.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        pairs = sums.view(batch, height, 2, width, 2, channels)
        pairs += x.permute(0, 2, 3, 1)[:, :, None, :, None]
        return pairs.view_as(sums).permute(0, 3, 1, 2)


class _FusedBlock:
    """`SPADEResnetBlock` that normalises its input once for both of its ways."""

    def __init__(self, block: SPADEResnetBlock) -> None:
        self._slope = block.slope
        self._norm_0, self._norm_1 = _FusedSPADE(block.norm_0), _FusedSPADE(block.norm_1)
        self._conv_0 = Conv(*parameters(block.conv_0))
        self._conv_1 = Conv(*parameters(block.conv_1))
        self._shortcut = (
            (_FusedSPADE(block.norm_s), Conv(block.conv_s.weight, None)) if block.learned_shortcut else None
        )

    def __call__(self, x: Tensor, label: Tensor) -> Tensor:
        normed = _normalised(x)
        if self._shortcut is not None:
            norm, conv = self._shortcut
            x = conv(norm(normed, label))
        y = self._conv_0(F.leaky_relu_(self._norm_0(normed, label), self._slope))
        y = self._conv_1(F.leaky_relu_(self._norm_1(_normalised(y), label), self._slope))
        return y.add_(x)


class _FusedSPADE:
    """Scale and shift of `CompactSPADE` in one convolution, whose bias brings the 1 that the scale is counted from."""

    def __init__(self, spade: SPADE) -> None:
        self._shared = Conv(*parameters(spade.mlp_shared[0]))
        self._both = Conv(*heads(spade))

    def __call__(self, normed: Tensor, label: Tensor) -> Tensor:
        both = self._both(self._shared(label).relu_())
        if both.shape[2:] != normed.shape[2:]:
            both = F.interpolate(both, size=normed.shape[2:], mode="bilinear", align_corners=False)
        scale, shift = both.chunk(2, 1)
        return torch.addcmul(shift, normed, scale)


def _normalised(x: Tensor) -> Tensor:
    """Instance norm of maps (B, C, H, W) in channels-last order, which torch's own would copy to and fro."""
    return normalised(x.permute(0, 2, 3, 1), x.dtype).permute(0, 3, 1, 2)


def _by_place(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Sort the outputs of a convolution before a pixel shuffle, (C, 2, 2), by place and then by channel."""
    order = torch.arange(len(bias)).view(-1, 4).T.flatten()
    return weight[order], bias[order]


def _with_fourth_channel(parameter: Tensor) -> Tensor:
    """Pad the outputs of G, (2 * 3 * 4, ...), to two pictures of four channels, (2 * 4 * 4, ...)."""
    pictures = parameter.unflatten(0, (2, _COLOURS, 4))
    return torch.cat([pictures, torch.zeros_like(pictures[:, :1])], 1).flatten(0, 2)


def _shuffled(x: Tensor) -> Tensor:
    """Pixel shuffle by 2 of channels that are sorted `_by_place`: whole runs of channels are copied."""
    batch, channels, height, width = x.shape
    places = x.permute(0, 2, 3, 1).view(batch, height, width, 2, 2, channels // 4)
    return places.transpose(2, 3).reshape(batch, 2 * height, 2 * width, -1).permute(0, 3, 1, 2)


def _unshuffled(pictures: Tensor) -> Tensor:
    """Pixel unshuffle by 2 of pictures (B, N, N, C): (B, 4 C, N / 2, N / 2), sorted `_by_place`."""
    batch, height, width, _ = pictures.shape
    pairs = pictures.unflatten(2, (-1, 2)).unflatten(1, (-1, 2)).transpose(2, 3)
    return pairs.reshape(batch, height // 2, width // 2, -1).permute(0, 3, 1, 2)
