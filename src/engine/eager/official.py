"""The official networks as they are: the reference for numbers and for speed."""

from __future__ import annotations

from functools import cached_property

from torch import Tensor

from ...modules.spade_generator import SPADEDecoder
from ...modules.warping_network import WarpingNetwork
from ..compiling import Network
from ..engine import SourceFeatures
from ..networks import at_least_float32, to_bytes
from .extractors import OfficialExtractors


class EagerOfficial(OfficialExtractors):
    """F, M, W and G of the official layout (spec: networks, sections 2-7)."""

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W and G: ``out`` (B, 3, 512, 512), and ``occlusion_map`` and ``deformation`` of W."""
        warped = self.warp(features, x_s, x_d)
        result = {**warped, "out": self.generate(warped["out"])}
        return {name: at_least_float32(value) for name, value in result.items()}

    def warp(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W alone: ``out``, a feature map for G, and what `warp_decode` has besides, in its precision."""
        volume = features.volume.expand(len(x_d), *features.volume.shape[1:])
        with self._precision(self._dtype):
            warped = self._warping(volume, kp_driving=x_d, kp_source=x_s.expand_as(x_d))
        return {name: value for name, value in warped.items() if value is not None}

    def generate(self, feature: Tensor) -> Tensor:
        """G alone: a feature map of W to pictures (B, 3, 512, 512)."""
        with self._precision(self._dtype):
            picture: Tensor = self._generator(feature)
        return picture

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        """W and G: (B, 512, 512, 3) uint8."""
        return to_bytes(self.warp_decode(features, x_s, x_d)["out"])

    @cached_property
    def _warping(self) -> Network:
        return self._compiler(self._checkpoints.build(WarpingNetwork, "warping_module"))

    @cached_property
    def _generator(self) -> Network:
        return self._compiler(self._checkpoints.build(SPADEDecoder, "spade_generator"))
