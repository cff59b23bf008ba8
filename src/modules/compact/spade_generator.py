"""G of the compact model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks import SPADE, SPADEResnetBlock
from .aperture import aperture_maps
from .candidates import squared_distances
from .face_ellipse import face_mask
from .mouth_texture import MouthTexture

_COLOURS = 3
_APERTURES = 4  # channels of `aperture_maps`
_SLOPE = 0.2
_HEAT_SIGMA, _HEAT_GAIN = 0.04, 4.0  # blobs of the driving keypoints
_RESIDUAL_GAIN = 0.1  # keeps an untrained G from spoiling the warp


class CompactSPADE(SPADE):
    """SPADE whose scale and shift are computed at the label's size and then enlarged."""

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Normalise x (B, norm_nc, H, W), then scale and shift it as the label (B, label_nc, h, w) says."""
        shared = self.mlp_shared(label)
        gamma, beta = (_resize(head(shared), x) for head in (self.mlp_gamma, self.mlp_beta))
        return F.instance_norm(x) * (1 + gamma) + beta


class CompactSPADEDecoder(nn.Module):
    """Draws what warping the picture cannot give: a residual, and colours for what the source does not show.

    Args:
        block_expansion: with `num_down_blocks`, the width of W's feature, at most `max_features`.
        max_features: see `block_expansion`.
        num_down_blocks: see `block_expansion`.
        num_kp: keypoints.
        num_middle: blocks at the feature's size.
        middle_channels: their width.
        up_channels: width at twice the size.
        out_channels: width at four times the size.
        refine_blocks: convolutions there.
        spade_hidden: width inside each SPADE.
        mouth_texture: arguments of `MouthTexture`, whose colours are mixed into the paint of open mouths; None: G's own
            alone.
    """

    def __init__(
        self,
        block_expansion: int,
        max_features: int,
        num_down_blocks: int,
        num_kp: int,
        num_middle: int,
        middle_channels: int,
        up_channels: int,
        out_channels: int,
        refine_blocks: int,
        spade_hidden: int,
        mouth_texture: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        label = min(max_features, block_expansion * 2**num_down_blocks)

        def spade_block(fin: int, fout: int) -> SPADEResnetBlock:
            return SPADEResnetBlock(fin, fout, label, spade_hidden, _SLOPE, spectral=False, norm=CompactSPADE)

        self.fc = nn.Conv2d(label, middle_channels, 3, padding=1)
        self.num_middle = num_middle
        for i in range(num_middle):
            self.add_module(f"G_middle_{i}", spade_block(middle_channels, middle_channels))
        self.heat_in = nn.Conv2d(num_kp, middle_channels, 3, padding=1)
        self.up_0 = spade_block(middle_channels, up_channels)
        self.up_1 = nn.Sequential(nn.Conv2d(up_channels, out_channels * 4, 3, padding=1), nn.PixelShuffle(2))
        self.skip_in = nn.Conv2d(_COLOURS * 4 + _APERTURES, out_channels, 3, padding=1)
        self.refine = nn.ModuleList(nn.Conv2d(out_channels, out_channels, 3, padding=1) for _ in range(refine_blocks))
        self.conv_img = nn.Sequential(nn.Conv2d(out_channels, 2 * _COLOURS * 4, 3, padding=1), nn.PixelShuffle(2))
        self.mouth_texture = None if mouth_texture is None else MouthTexture(**mouth_texture)

    def forward(self, feature: Tensor, warped: Tensor, kp_driving: Tensor, kp_source: Tensor) -> tuple[Tensor, Tensor]:
        """Decode B frames.

        Args:
            feature: of W, (B, C, H, W).
            warped: the warped picture at eight times that size, (B, 3, 8H, 8W) RGB in 0..1.
            kp_driving: (B, 21, 3) in crop coordinates.
            kp_source: (1, 21, 3) or (B, 21, 3).

        Returns:
            Residual and paint, (B, 3, 8H, 8W) each; the paint is in 0..1, the residual is zero outside the face.
        """
        kp_source = kp_source.expand_as(kp_driving)
        x = self.fc(feature)
        for i in range(self.num_middle):
            x = self.get_submodule(f"G_middle_{i}")(x, feature)
        x = F.interpolate(x, scale_factor=2.0)
        x = self.up_0(x + self.heat_in(_heat(kp_driving, x)), feature)  # (B, up_channels, 2H, 2W)
        x = self.up_1(F.leaky_relu(x, _SLOPE))  # (B, out_channels, 4H, 4W)
        picture = F.pixel_unshuffle(warped * 2 - 1, 2)  # (B, 12, 4H, 4W)
        x = x + self.skip_in(torch.cat([picture, aperture_maps(kp_driving, kp_source, x.shape[-1])], 1))
        for conv in self.refine:
            x = x + conv(F.leaky_relu(x, _SLOPE))
        residual, paint = self.conv_img(F.leaky_relu(x, _SLOPE)).chunk(2, 1)
        paint = torch.sigmoid(paint)
        if self.mouth_texture is not None:
            paint = self.mouth_texture.over(paint, warped, kp_driving, kp_source)
        # Outside the face a residual only makes halos.
        return _RESIDUAL_GAIN * residual * face_mask(kp_driving, residual.shape[-1]), paint


def _heat(kp: Tensor, x: Tensor) -> Tensor:
    """A blob at each keypoint, over the map x: (B, K, H, W)."""
    return _HEAT_GAIN * torch.exp(-squared_distances(kp, *x.shape[2:]) / (2 * _HEAT_SIGMA**2))


def _resize(y: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(y, size=like.shape[2:], mode="bilinear", align_corners=False)
