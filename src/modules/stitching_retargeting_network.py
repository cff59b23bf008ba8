"""Networks S, R_eyes and R_lip: small perceptrons on keypoints (spec: networks, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class StitchingRetargetingNetwork(nn.Module):
    """Linear layers with ReLU between them: (B, input_size) -> (B, output_size).

    Args:
        input_size: flattened keypoints, and what else the network is told.
        hidden_sizes: widths between the layers.
        output_size: flattened keypoint deltas, and what else the network tells.
    """

    def __init__(self, input_size: int, hidden_sizes: Sequence[int], output_size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise([input_size, *hidden_sizes, output_size]):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        self.mlp = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """Apply the network."""
        return self.mlp(x)
