"""The compact model's flow of the picture, 64 x 64: splat and calm in separable form."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ...modules.compact.calm import ROUNDS, WINDOW, border_fade
from ...modules.compact.face_ellipse import face_mask
from .compact_motion import bells


def splat(flow: Tensor, driving: Tensor, source: Tensor, sigma: Tensor) -> Tensor:
    """As the plain `splat`, with each Gaussian as the product of a column and a row.

    A sum of K Gaussians with weights is then one product of small matrices, and no map of (K, S, S) is made.

    Args:
        flow: (B, 2, S, S) in crop coordinates.
        driving: points where the flow is known, (B, K, 2).
        source: where they lie in the source, (1, K, 2) or (B, K, 2).
        sigma: width of each Gaussian, (K,).

    Returns:
        (B, 2, S, S).
    """
    bell = bells(driving, flow.shape[-1], sigma[:, None, None] ** 2)  # (B, K, 2, S)
    rows, columns = bell[:, :, 0], bell[:, :, 1].mT  # (B, K, S) and (B, S, K)
    total = (columns @ rows).clamp_(min=1)[:, None]
    wanted = (source - driving).mT  # (B, 2, K)
    for _ in range(3):
        found = F.grid_sample(flow, driving[:, :, None], padding_mode="border", align_corners=False)[
            ..., 0
        ]  # (B, 2, K)
        left = columns[:, None] * (wanted - found)[:, :, None]  # (B, 2, S, K); one product for both axes of the flow
        flow = torch.addcdiv(flow, (left.flatten(1, 2) @ rows).view_as(flow), total)
    return flow


class Calm:
    """As the plain `calm`, with its box filters and their border as one matrix from either side."""

    def __init__(self, size: int, like: Tensor) -> None:
        margin = WINDOW // 2
        smooth = torch.eye(size, device=like.device, dtype=like.dtype)[None]
        for _ in range(ROUNDS):
            smooth = F.avg_pool1d(F.pad(smooth, (margin, margin), mode="replicate"), WINDOW, stride=1)
        self._across = smooth[0]  # (S, S): row vectors come from the left
        self._fade = border_fade(size, self._across)

    def __call__(self, flow: Tensor, kp_driving: Tensor) -> Tensor:
        """Calm a flow (B, 2, S, S) around the face that keypoints (B, 21 or more, 3) place."""
        inside = face_mask(kp_driving, flow.shape[-1])
        outside = (self._across.mT @ flow @ self._across).mul_(self._fade)
        return torch.lerp(outside, flow, inside)
