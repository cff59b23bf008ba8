"""What is asked of keypoints, head pose and expression by themselves."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from ..checks import check_alike, check_points
from ..precision import in_float32

LEAST_SQUARED_DISTANCE = 0.1  # face vid2vid: D_t, for 20 keypoints in -1..1
MEAN_DEPTH = 0.33  # face vid2vid: z_t


@in_float32
def spread_loss(keypoints: Tensor, least: float = LEAST_SQUARED_DISTANCE) -> Tensor:
    """Keypoints must not crowd: ``sum over i != j of max(0, least - |x_i - x_j|^2)``, mean over the batch.

    Source: face vid2vid (arXiv 2011.15126), appendix, keypoint prior loss, first part. Every pair counts twice, as
    there; its constant for i = j is left out.

    Args:
        keypoints: (B, K, 2) or (B, K, 3) in crop coordinates.
        least: squared distance from which on there is no loss.

    Returns:
        Scalar >= 0.

    Raises:
        InputError: another shape.
    """
    check_points(keypoints, what="keypoints")
    squared = (keypoints[:, :, None] - keypoints[:, None]).square().sum(-1)  # (B, K, K)
    crowding = F.relu(least - squared)
    return (crowding.sum((1, 2)) - crowding.diagonal(dim1=1, dim2=2).sum(1)).mean()


@in_float32
def depth_loss(keypoints: Tensor, target: float = MEAN_DEPTH) -> Tensor:
    """The keypoints' mean depth must be the target: ``|mean(z) - target|``, mean over the batch.

    Source: face vid2vid (arXiv 2011.15126), appendix, keypoint prior loss, second part.

    Args:
        keypoints: (B, K, 3) in crop coordinates.
        target: depth; 0 for keypoints that are centred on the head.

    Returns:
        Scalar >= 0.

    Raises:
        InputError: another shape.
    """
    check_points(keypoints, (3,), "keypoints")
    return (keypoints[..., 2].mean(1) - target).abs().mean()


@in_float32
def head_pose_loss(angles: Tensor, labels: Tensor) -> Tensor:
    """Mean absolute difference of angles, the short way round.

    Source: face vid2vid (arXiv 2011.15126), appendix, head pose loss ``|R_d - R_d'|_1`` against the angles of a trained
    estimator. It does not name the unit; degrees here, so that a weight of 1 makes a degree cost 1.

    Args:
        angles: pitch, yaw and roll in degrees, any shape.
        labels: same shape.

    Returns:
        Scalar, degrees.

    Raises:
        InputError: the shapes differ.
    """
    check_alike(angles, labels, "angles and labels")
    return ((angles - labels + 180) % 360 - 180).abs().mean()


@in_float32
def deformation_prior(exp: Tensor) -> Tensor:
    """Expressions must stay small, so that shape and pose say what they can: ``mean |exp|``.

    Source: face vid2vid (arXiv 2011.15126), appendix, deformation prior loss ``|delta|_1``, as a mean.

    Args:
        exp: expression deltas, (B, K, 3).

    Returns:
        Scalar >= 0.

    Raises:
        InputError: another shape.
    """
    check_points(exp, (3,), "expression deltas")
    return exp.abs().mean()
