"""The compact networks as they are: the reference for numbers and for speed."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor, nn

from ...modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ...modules.compact.compose import compose, warp_picture
from ...modules.compact.spade_generator import CompactSPADEDecoder
from ...modules.compact.warping_network import CompactWarpingNetwork
from ..checkpoints import Checkpoints
from ..compact_sizes import shrunk
from ..compiling import Compile, Network, uncompiled
from ..engine import SourceFeatures
from ..exact_float32 import exact_float32
from ..networks import to_bytes


class EagerCompact:
    """F, W and G at 128 px, and the warp of the crop itself.

    Args:
        checkpoints: their files and definition, and the device.
        compiler: compiles W and G, the networks that run for every frame.
    """

    def __init__(self, checkpoints: Checkpoints, compiler: Compile = uncompiled) -> None:
        self._checkpoints, self._compiler = checkpoints, compiler

    def appearance(self, pictures: Tensor) -> Tensor:
        """Run F: (B, 3, 128, 128) to (B, 24, 4, 16, 16)."""
        with exact_float32(self._checkpoints.device):
            volume: Tensor = self._appearance(pictures)
        return volume

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W, G and the warp of the crop: ``out`` (B, 3, 512, 512), ``flow`` (B, 2, 64, 64)."""
        assert features.picture is not None, "features of the compact model hold the picture"
        feature, flow = self.warp(features, x_s, x_d)
        small = warp_picture(shrunk(features.picture), flow)
        residual, paint = self.generate(feature, small, x_s, x_d)
        out = compose(features.picture, flow, residual, paint, x_d, x_s)
        if features.is_grey is not None:
            out = _greyed(out, features.is_grey.expand(len(out)))
        return {"out": out.clamp(0, 1), "flow": flow}

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        """The pictures as bytes, (B, 512, 512, 3) uint8."""
        return to_bytes(self.warp_decode(features, x_s, x_d)["out"])

    def warp(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> tuple[Tensor, Tensor]:
        """W alone: see `CompactWarpingNetwork.forward`."""
        with exact_float32(self._checkpoints.device):
            feature, flow = self._warping(features.volume, x_d, x_s)
        return feature, flow

    def generate(self, feature: Tensor, warped: Tensor, x_s: Tensor, x_d: Tensor) -> tuple[Tensor, Tensor]:
        """G alone, from W's feature and the warped small picture: see `CompactSPADEDecoder.forward`."""
        with exact_float32(self._checkpoints.device):
            residual, paint = self._generator(feature, warped, x_d, x_s)
        return residual, paint

    @cached_property
    def _appearance(self) -> nn.Module:
        return self._checkpoints.build(AppearanceFeatureExtractor, "appearance_feature_extractor")

    @cached_property
    def _warping(self) -> Network:
        return self._compiler(self._checkpoints.build(CompactWarpingNetwork, "warping_module"))

    @cached_property
    def _generator(self) -> Network:
        return self._compiler(self._checkpoints.build(CompactSPADEDecoder, "spade_generator"))


def _greyed(pictures: Tensor, which: Tensor) -> Tensor:
    """Pictures (B, 3, N, N), some without their colours: G paints lips and skin in colour."""
    if not which.any():
        return pictures
    return torch.where(which.to(pictures.device)[:, None, None, None], pictures.mean(dim=1, keepdim=True), pictures)
