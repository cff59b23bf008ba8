"""`FusedOfficial`: the official networks, W and G with their weights rearranged when they are first used."""

from __future__ import annotations

from functools import cached_property

from torch import Tensor

from ...modules.spade_generator import SPADEDecoder
from ...modules.warping_network import WarpingNetwork
from ...weights.layout import fold_spectral_norm
from ..allocator import trimmed_memory
from ..compiling import Network
from ..eager.extractors import OfficialExtractors
from ..engine import SourceFeatures
from ..exact_float32 import exact_float32
from ..networks import at_least_float32, to_bytes
from .generator import FusedGenerator
from .warping import FusedWarping


class FusedOfficial(OfficialExtractors):
    """F and M as they are; W and G, which run for every frame, with less work (spec: networks, section 8)."""

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W and G: ``out`` (B, 3, 512, 512), and ``occlusion_map`` and ``deformation`` of W."""
        with exact_float32(self._checkpoints.device, self._extracted()):
            warping, generator = self._warping, self._generator  # G built amid what W leaves would scatter the memory
            warped = warping(features.volume, x_d, x_s.expand_as(x_d))
            out = generator(warped["out"])
        return {name: at_least_float32(value) for name, value in {**warped, "out": out}.items()}

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        """W and G: (B, 512, 512, 3) uint8."""
        return to_bytes(self.warp_decode(features, x_s, x_d)["out"])

    @cached_property
    def _warping(self) -> Network:
        # Positions decide what is sampled: bfloat16 would cost the picture 10 dB, to save a tenth of the time.
        with trimmed_memory():
            network = self._checkpoints.build(WarpingNetwork, "warping_module")
            fused = FusedWarping(network, self._extracted())
            del network
        return self._compiler(fused)

    @cached_property
    def _generator(self) -> Network:
        with trimmed_memory():
            network = self._checkpoints.build(SPADEDecoder, "spade_generator")
            fold_spectral_norm(network)
            fused = FusedGenerator(network, self._dtype)
            del network
        return self._compiler(fused)
