"""How open keypoints show eyes and lips, in the ratios of mesh landmarks, and differentiable.

Keypoints have no eye corners, and lids of both eyes share a keypoint; so of eyes only the change is known.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...modules.compact.ellipses import lip_gap, lost_lid_height

_LEFT_CORNER, _RIGHT_CORNER = 17, 14
_UPPER_LIDS, _LOWER_LIDS = [13, 16], [18]
_TINY = 1e-3
# Slopes of the mesh's ratios (`mesh_points.opening`) over these heights, least squares within 110 clips: they explain
# 97 % (25 others: 98 %) of the mean of both eyes, and 99.6 % (98.9 %) of the lips.
_EYE_RATIO = 2.25  # of lid height in eye distances
_LIP_RATIO = 1.12  # of the lips' gap in widths of the mouth
_EYE_REST = 0.038  # ratio at lid height 0; it differs between people by 0.02


def eye_openness(x_s: Tensor, x_d: Tensor, openness: Tensor) -> Tensor:
    """Opening of both eyes after a change of keypoints.

    Args:
        x_s: (B, 21, 3), where the opening is known.
        x_d: (B, 21, 3).
        openness: left and right eye of x_s, (B, 2).

    Returns:
        (B, 2).
    """
    return openness - _EYE_RATIO * lost_lid_height(x_d, x_s)


def lip_openness(x_s: Tensor, x_d: Tensor, openness: Tensor) -> Tensor:
    """Opening of the lips after a change of keypoints: as `eye_openness`, (B, 1)."""
    return openness + _LIP_RATIO * (_gap_in_widths(x_d) - _gap_in_widths(x_s))


def _gap_in_widths(kp: Tensor) -> Tensor:
    width = (kp[:, _RIGHT_CORNER, :2] - kp[:, _LEFT_CORNER, :2]).norm(dim=-1, keepdim=True)
    return lip_gap(kp) / width.clamp(min=_TINY)


def openness_of(kp: Tensor) -> Tensor:
    """Opening of left eye, right eye and lips that keypoints of mesh landmarks show, to within about 0.03.

    Args:
        kp: (B, 21, 3).

    Returns:
        (B, 3), never negative.
    """
    shut = kp.clone()
    shut[:, _UPPER_LIDS] = kp[:, _LOWER_LIDS]
    eyes = _EYE_REST + _EYE_RATIO * lost_lid_height(shut, kp)
    return torch.cat([eyes, _LIP_RATIO * _gap_in_widths(kp)], 1).clamp(min=0)
