"""What the compact networks derive from the 21 keypoints: a common affine map, and points of the head's outline.

Keypoints are (B, 21, 3) in crop coordinates, z in the same unit, larger = farther.
"""

from __future__ import annotations

import torch
from torch import Tensor

OUTLINE_POINTS = 4

_HAIR_TOP, _LEFT_SIDE, _RIGHT_SIDE, _FOREHEAD = 0, 8, 9, 10
_RIGID = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 18]  # keypoints that move with the skull
_TINY = 1e-6


def fit_affine(kp_driving: Tensor, kp_source: Tensor, pull: float = 0.05) -> Tensor:
    """Map of the plane that the skull's keypoints share, driving to source: roll, scale and foreshortening.

    Least squares over the centred rigid keypoints.

    Args:
        kp_driving: (B, 21, 3).
        kp_source: (B, 21, 3).
        pull: weight of the identity, relative to the spread of the keypoints.

    Returns:
        (B, 2, 2), for column vectors. The identity where all keypoints coincide.
    """
    driving, source = _centred_rigid(kp_driving), _centred_rigid(kp_source)  # (B, 11, 2)
    identity = torch.eye(2, device=driving.device, dtype=driving.dtype)
    ridge = ((driving**2).sum((1, 2)) * pull / 2 + _TINY)[:, None, None] * identity
    return (source.mT @ driving + ridge) @ _inverse_2x2(driving.mT @ driving + ridge)


def with_outline(kp: Tensor) -> Tensor:
    """Append both temples and both sides of the crown, so that hair turns with the head: (B, 21, 3) -> (B, 25, 3).

    The points are linear in the keypoints and therefore follow pose and scale exactly.
    """
    forehead = kp[:, _FOREHEAD]
    up, side = kp[:, _HAIR_TOP] - forehead, (kp[:, _LEFT_SIDE] - kp[:, _RIGHT_SIDE]) / 2
    back = (kp[:, _LEFT_SIDE] + kp[:, _RIGHT_SIDE]) / 2 - forehead
    temple, crown = forehead + 0.5 * back + 1.1 * up, forehead + 0.25 * back + 1.55 * up
    outline = [temple + 0.88 * side, temple - 0.88 * side, crown + 0.5 * side, crown - 0.5 * side]
    return torch.cat([kp, torch.stack(outline, 1)], 1)


def _centred_rigid(kp: Tensor) -> Tensor:
    points = kp[:, _RIGID, :2]
    return points - points.mean(1, keepdim=True)


def _inverse_2x2(matrix: Tensor) -> Tensor:
    """Inverse of (B, 2, 2) in closed form: `torch.linalg.inv` would wait for a GPU, and cannot be exported."""
    a, b, c, d = matrix.flatten(1).unbind(1)
    adjugate = torch.stack([d, -b, -c, a], 1).view_as(matrix)
    return adjugate / (a * d - b * c)[:, None, None]
