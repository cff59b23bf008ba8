"""The soft ellipse of the driving face, inside of which the networks may act freely."""

from __future__ import annotations

import torch
from torch import Tensor

from .grid import along

_CHIN, _LEFT_SIDE, _RIGHT_SIDE, _FOREHEAD = 5, 8, 9, 10
_LEAST_AREA = 1e-3  # of the half axes' parallelogram; a face seen edge-on has none


def face_mask(kp_driving: Tensor, size: int) -> Tensor:
    """Ellipse through forehead, chin and the sides of the face: 1 inside, 0 outside, with a soft edge.

    Args:
        kp_driving: (B, 21, 3) in crop coordinates.
        size: side of the map.

    Returns:
        (B, 1, size, size) in 0..1.
    """
    top, chin = kp_driving[:, _FOREHEAD, :2], kp_driving[:, _CHIN, :2]
    down = (chin - top) * 0.56  # half axes, a little longer than the keypoints reach
    right = (kp_driving[:, _RIGHT_SIDE, :2] - kp_driving[:, _LEFT_SIDE, :2]) * 0.51
    area = right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0]
    area = torch.where(area.abs() < _LEAST_AREA, _LEAST_AREA, area)[:, None]
    centre = (top + chin) / 2
    across = along(torch.stack([down[:, 1], -down[:, 0]], -1) / area, centre, size)
    upright = along(torch.stack([-right[:, 1], right[:, 0]], -1) / area, centre, size)
    return torch.sigmoid((1 - across**2 - upright**2) * 5)[:, None]
