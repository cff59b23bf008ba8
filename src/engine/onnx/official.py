"""`OnnxOfficial`: the official networks as ONNX Runtime runs them."""

from __future__ import annotations

from torch import Tensor

from ..engine import SourceFeatures
from .graphs import MOTION, WARP_DECODE
from .networks import OnnxNetworks


class OnnxOfficial(OnnxNetworks):
    """F, M, W and G of the official layout, in float32."""

    def motion(self, pictures: Tensor) -> dict[str, Tensor]:
        """Run M on (B, 3, 256, 256)."""
        return self._graphs.run(MOTION, {"picture": pictures})

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W and G: ``out`` (B, 3, 512, 512), and ``occlusion_map`` and ``deformation`` of W."""
        volume = features.volume.expand(len(x_d), *features.volume.shape[1:])
        return self._graphs.run(WARP_DECODE, {"volume": volume, "x_s": x_s.expand_as(x_d), "x_d": x_d})
