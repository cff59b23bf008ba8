"""What the compact networks derive from the 21 keypoints: a common affine map, outlines of the head and of the lips.

Keypoints are (B, 21, 3) in crop coordinates, z in the same unit, larger = farther.
"""

from __future__ import annotations

import torch
from torch import Tensor

NUM_KP = 21
OUTLINE_POINTS = 4

_HAIR_TOP, _LEFT_SIDE, _RIGHT_SIDE, _FOREHEAD = 0, 8, 9, 10
_RIGID = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 18]  # keypoints that move with the skull
_TINY = 1e-6

# Ten points of the lips' outer edge, five above and five below, each from the middle to the sides, left and right. They
# are linear in these keypoints: tip of the nose, left and right half of the lower lip, right and left corner, edges of
# the lower and of the upper lip at the opening. The weights were fitted to meshes of the training data's people.
_LIP_KEYPOINTS = [4, 6, 12, 14, 17, 19, 20]
_LIP_EDGE = [
    [0.077, -0.295, -0.295, -0.023, -0.023, 0.502, 1.057],
    [0.089, -0.152, -0.531, 0.030, 0.073, 0.533, 0.958],
    [0.089, -0.531, -0.152, 0.073, 0.030, 0.533, 0.958],
    [0.063, 0.084, -0.599, 0.103, 0.235, 0.354, 0.760],
    [0.063, -0.599, 0.084, 0.235, 0.103, 0.354, 0.760],
    [-0.033, 0.741, 0.741, -0.335, -0.335, 0.083, 0.138],
    [-0.024, 1.070, 0.361, -0.182, -0.353, 0.036, 0.092],
    [-0.024, 0.361, 1.070, -0.353, -0.182, 0.036, 0.092],
    [-0.007, 1.118, 0.079, -0.045, -0.177, 0.003, 0.029],
    [-0.007, 0.079, 1.118, -0.177, -0.045, 0.003, 0.029],
]


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


def lip_edge_weights() -> Tensor:
    """Points of the lips' outer edge as linear combinations of the keypoints, (10, 21); each row adds up to 1."""
    weights = torch.zeros(len(_LIP_EDGE), NUM_KP)
    weights[:, _LIP_KEYPOINTS] = torch.tensor(_LIP_EDGE)
    return weights / weights.sum(1, keepdim=True)


def with_lip_edge(kp: Tensor, weights: Tensor) -> Tensor:
    """Append points of the lips' outer edge.

    A product and a sum, no matrix product: autocast would compute that in half precision, and move the points.

    Args:
        kp: (B, K, 3), or (B, K, 2) in the plane, of which the first 21 are the keypoints.
        weights: as `lip_edge_weights`, (10, 21).

    Returns:
        (B, K + 10, 3), or (B, K + 10, 2).
    """
    edge = (weights[:, :, None] * kp[:, None, : weights.shape[1]]).sum(2)  # (B, 10, 3 or 2)
    return torch.cat([kp, edge], 1)


def _centred_rigid(kp: Tensor) -> Tensor:
    points = kp[:, _RIGID, :2]
    return points - points.mean(1, keepdim=True)


def _inverse_2x2(matrix: Tensor) -> Tensor:
    """Inverse of (B, 2, 2) in closed form: `torch.linalg.inv` would wait for a GPU, and cannot be exported."""
    a, b, c, d = matrix.flatten(1).unbind(1)
    adjugate = torch.stack([d, -b, -c, a], 1).view_as(matrix)
    return adjugate / (a * d - b * c)[:, None, None]
