"""S of the compact model: the head goes back to where it sits on the neck.

A point of the head is a weighted mean of other points of the head, with the same weights in whatever pose, size and
place, if the weights sum to 1. So five weights say where keypoints have the neck, and the difference between source
and driver is what S must give back. Nothing else is asked of a network whose keypoints all lie in the face, and being
so little it keeps its promises: what does not move the skull (lips, eyes, brows) moves nothing, and the source's own
keypoints give zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...modules.stitching_retargeting_network import StitchingRetargetingNetwork
from ...motion.keypoints import NUM_KP
from .skull import NECK, SKULL, mean_face_keypoints


class NeckStitching(nn.Module):
    """Shift of a moved face that brings its neck back to the source's.

    Attributes:
        weights: of the skull's keypoints; what their sum lacks to 1 is shared out among them.
    """

    def __init__(self) -> None:
        super().__init__()
        face = torch.cat([mean_face_keypoints()[list(SKULL)], torch.ones(len(SKULL), 1)], 1)  # (5, 4)
        self.weights = nn.Parameter(torch.linalg.pinv(face.T) @ torch.tensor([*NECK, 1.0]))  # exact for the mean face

    def forward(self, x_s: Tensor, x_d: Tensor) -> Tensor:
        """Keypoints (B, 21, 3) of source and driver to a shift in the plane, (B, 2)."""
        return self.neck(x_s) - self.neck(x_d)

    def neck(self, x: Tensor) -> Tensor:
        """Where keypoints (B, 21, 3) have the neck, in the plane, (B, 2)."""
        return (self._normalised()[:, None] * x[:, list(SKULL), :2]).sum(1)

    @torch.no_grad()
    def as_network(self, sizes: Mapping[str, Any]) -> StitchingRetargetingNetwork:
        """The same as a network S: its first layer makes the shift and its opposite, which pass all ReLUs as a pair.

        Args:
            sizes: of the network's layers, as in the model definition; at least 4 wide.
        """
        network = StitchingRetargetingNetwork(**sizes)
        layers = [layer for layer in network.mlp if isinstance(layer, nn.Linear)]
        for layer in layers:
            layer.weight.zero_()
            layer.bias.zero_()
        weights = self._normalised()
        for axis in range(2):
            for keypoint, weight in zip(SKULL, weights, strict=True):
                column = 3 * keypoint + axis
                for sign, unit in ((1, 2 * axis), (-1, 2 * axis + 1)):
                    layers[0].weight[unit, column] = sign * weight
                    layers[0].weight[unit, 3 * NUM_KP + column] = -sign * weight
            layers[-1].weight[3 * NUM_KP + axis, 2 * axis : 2 * axis + 2] = torch.tensor([1.0, -1.0])
        for layer in layers[1:-1]:
            layer.weight[:4, :4] = torch.eye(4)
        return network

    def _normalised(self) -> Tensor:
        return self.weights + (1 - self.weights.sum()) / len(self.weights)
