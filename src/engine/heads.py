"""`Heads`: the three small networks on keypoints, S and the two R, which both models have."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..modules.stitching_retargeting_network import StitchingRetargetingNetwork


@dataclass(frozen=True)
class Heads:
    """Stitching and retargeting (spec: networks, section 5); always float32."""

    stitching: StitchingRetargetingNetwork
    eye: StitchingRetargetingNetwork
    lip: StitchingRetargetingNetwork

    @torch.no_grad()
    def stitch_delta(self, x_s: Tensor, x_d: Tensor) -> Tensor:
        """What S says of keypoints (B, 21, 3): a delta for each, and one translation in x and y for all, (B, 65)."""
        x_s = x_s.expand_as(x_d)
        return self.stitching(torch.cat([x_s.flatten(1), x_d.flatten(1)], dim=1))

    def stitch(self, x_s: Tensor, x_d: Tensor) -> Tensor:
        """Driving keypoints (B, 21, 3) corrected so that the surroundings of the face stay where they are."""
        delta = self.stitch_delta(x_s, x_d)
        stitched = x_d + delta[:, :-2].reshape(x_d.shape)
        stitched[..., :2] += delta[:, None, -2:]
        return stitched

    @torch.no_grad()
    def retarget_eye(self, x_s: Tensor, ratios: Tensor) -> Tensor:
        """Deltas (B, 21, 3) for ratios (B, 3): left and right eye of the source, target."""
        return self._retarget(self.eye, x_s, ratios)

    @torch.no_grad()
    def retarget_lip(self, x_s: Tensor, ratios: Tensor) -> Tensor:
        """Deltas (B, 21, 3) for ratios (B, 2): lips of the source, target."""
        return self._retarget(self.lip, x_s, ratios)

    @staticmethod
    def _retarget(network: StitchingRetargetingNetwork, x_s: Tensor, ratios: Tensor) -> Tensor:
        x_s = x_s.expand(len(ratios), *x_s.shape[1:])
        return network(torch.cat([x_s.flatten(1), ratios], dim=1)).reshape(x_s.shape)  # (B, 21, 3)
