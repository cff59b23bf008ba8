"""Where a picture of a face matters: maps from the keypoints."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ...modules.compact.candidates import squared_distances
from ...modules.compact.face_ellipse import face_mask
from ...motion.keypoints import LIP

_EYES = (11, 13, 15, 16, 18)
_LIP_REACH, _EYE_REACH = 0.07, 0.06  # crop units
_FACE, _MOUTH_AND_EYES = 1.0, 7.0


def importance(kp: Tensor, size: int) -> Tensor:
    """Weight of each pixel in the pixel losses: 1 outside, 2 in the face, up to 9 at mouth and eyes.

    Args:
        kp: (B, 21, 3) of the picture that is drawn, in crop coordinates.
        size: side of the map.

    Returns:
        (B, 1, size, size).
    """
    smooth = _FACE * face_mask(kp, size // 2) + _MOUTH_AND_EYES * _mouth_and_eyes(kp, size // 2)
    return 1 + F.interpolate(smooth, scale_factor=2.0)  # half the size is fine enough, and a quarter of the work


def mouth(kp: Tensor, size: int) -> Tensor:
    """1 at the lips and between them, falling off around them, (B, 1, size, size)."""
    lips = kp[:, list(LIP)]
    return F.interpolate(
        _blobs(torch.cat([lips, lips.mean(1, keepdim=True)], 1), _LIP_REACH, size // 2), scale_factor=2.0
    )


def _mouth_and_eyes(kp: Tensor, size: int) -> Tensor:
    return torch.maximum(_blobs(kp[:, list(LIP)], _LIP_REACH, size), _blobs(kp[:, list(_EYES)], _EYE_REACH, size))


def _blobs(kp: Tensor, reach: float, size: int) -> Tensor:
    """1 at keypoints (B, n, 3), falling off around them, (B, 1, size, size)."""
    return torch.exp(-squared_distances(kp, size, size).amin(1, keepdim=True) / (2 * reach**2))
