"""What both models' networks have in common where ONNX Runtime runs them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from ..engine import SourceFeatures
from ..networks import to_bytes
from .graphs import APPEARANCE
from .sessions import GraphFolder


class OnnxNetworks(ABC):
    """F, and pictures as bytes.

    Args:
        graphs: of the model.
    """

    def __init__(self, graphs: GraphFolder) -> None:
        self._graphs = graphs

    def appearance(self, pictures: Tensor) -> Tensor:
        """Run F: (B, 3, h, w) to (B, C, D, H, W)."""
        return self._graphs.run(APPEARANCE, {"picture": pictures})["volume"]

    @abstractmethod
    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W and G, as `Networks.warp_decode`."""

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        """W and G: (B, 512, 512, 3) uint8."""
        return to_bytes(self.warp_decode(features, x_s, x_d)["out"])
