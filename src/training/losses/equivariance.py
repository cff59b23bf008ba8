"""Keypoints must follow what happens to the picture."""

from __future__ import annotations

from torch import Tensor

from ...errors import InputError
from ..checks import check_alike, check_points
from ..precision import in_float32
from .transform import SmoothTransform


@in_float32
def equivariance_loss(keypoints: Tensor, found: Tensor, transform: SmoothTransform) -> Tensor:
    """Mean distance along x and y between keypoints and those found in the transformed picture, mapped back.

    Source: face vid2vid (arXiv 2011.15126), appendix, equivariance loss ``|x_d - T^-1(x_T(d))|_1`` on the keypoints'
    projection; T^-1 is `SmoothTransform.points`. Both sides are pulled.

    Args:
        keypoints: of the pictures, (B, K, 2) or (B, K, 3) in crop coordinates; z is not used.
        found: of ``transform.pictures(pictures)``, same shape.
        transform: of B pictures.

    Returns:
        Scalar, in crop coordinates; 0 where the detector follows exactly.

    Raises:
        InputError: the shapes differ, or are not those of points.
    """
    check_alike(keypoints, found, "keypoints of the pictures and of their transforms")
    check_points(keypoints, what="keypoints")
    if len(transform) != len(keypoints):
        raise InputError(f"a transform of {len(transform)} pictures was given keypoints of {len(keypoints)}")
    return (keypoints[..., :2] - transform.points(found[..., :2])).abs().mean()
