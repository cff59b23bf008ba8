"""`OnnxCompact`: the compact networks as ONNX Runtime runs them."""

from __future__ import annotations

import torch
from torch import Tensor

from ..engine import SourceFeatures
from .graphs import WARP_DECODE
from .networks import OnnxNetworks


class OnnxCompact(OnnxNetworks):
    """F, W and G at 128 px and the warp of the crop itself."""

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W, G and the warp of the crop: ``out`` (B, 3, 512, 512), ``flow`` (B, 2, 64, 64)."""
        assert features.picture is not None, "features of the compact model hold the picture"
        b, volume, picture = len(x_d), features.volume, features.picture
        grey = torch.zeros(1, dtype=torch.bool) if features.is_grey is None else features.is_grey
        inputs = {
            "volume": volume.expand(b, *volume.shape[1:]),
            "picture": picture.expand(b, *picture.shape[1:]),
            "is_grey": grey.expand(b),
            "x_s": x_s.expand_as(x_d),
            "x_d": x_d,
        }
        return self._graphs.run(WARP_DECODE, inputs)
