"""`OnnxCompact`: the compact networks as ONNX Runtime runs them."""

from __future__ import annotations

import torch
from torch import Tensor

from ..engine import SourceFeatures
from ..networks import to_bytes
from .graphs import APPEARANCE, WARP_DECODE
from .sessions import GraphFolder


class OnnxCompact:
    """F, W and G at 128 px and the warp of the crop itself.

    Args:
        graphs: of the model.
    """

    def __init__(self, graphs: GraphFolder) -> None:
        self._graphs = graphs

    def appearance(self, pictures: Tensor) -> Tensor:
        """Run F: (B, 3, 128, 128) to (B, 24, 4, 16, 16)."""
        return self._graphs.run(APPEARANCE, {"picture": pictures})["volume"]

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

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        """The pictures as bytes, (B, 512, 512, 3) uint8."""
        return to_bytes(self.warp_decode(features, x_s, x_d)["out"])
