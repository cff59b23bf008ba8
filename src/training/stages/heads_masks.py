"""Where pictures must agree in the second stage of the official architecture: shoulders, and all but eyes or lips.

The paper's masks come from networks that it does not name; these are drawn from keypoints of mesh landmarks (ours).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...modules.compact.ellipses import eye_ellipses
from ...modules.compact.face_ellipse import face_mask
from ...modules.compact.grid import cell_centres
from ...motion.keypoints import CHIN
from ..losses.regions import region_boxes, region_masks
from ..precision import in_float32

_FOREHEAD = 10
_BELOW = 0.15  # where shoulders begin below the chin, in heights of the face
_EDGE = 20.0  # steepness of their upper edge, per height of the face


@in_float32
def shoulders(kp_source: Tensor, kp_driving: Tensor, size: int) -> Tensor:
    """What is below the chin and outside of both faces: the paper's ``1 - M_st``.

    Args:
        kp_source: (B, 21, 3) in crop coordinates.
        kp_driving: same shape, of the pose that drives.
        size: side of the map.

    Returns:
        (B, 1, size, size) in 0..1; near 0 everywhere if the chin is at the picture's edge.
    """
    chin, forehead = kp_source[:, CHIN, 1], kp_source[:, _FOREHEAD, 1]
    height = (chin - forehead).abs().clamp(min=1e-3)[:, None]  # (B, 1)
    rows = (cell_centres(size, kp_source) - chin[:, None]) / height - _BELOW  # (B, size)
    below = torch.sigmoid(rows * _EDGE)[:, None, :, None]
    return below * (1 - face_mask(kp_source, size)) * (1 - face_mask(kp_driving, size))


@in_float32
def around_eyes(kp: Tensor, size: int) -> Tensor:
    """All but the eyes of keypoints (B, 21, 3): (B, 1, size, size) in 0..1."""
    return 1 - eye_ellipses(kp).draw(size).amax(1, keepdim=True)


@in_float32
def around_lips(kp: Tensor, size: int) -> Tensor:
    """All but the lips of keypoints (B, 21, 3): (B, 1, size, size) in 0..1."""
    return 1 - region_masks(region_boxes(kp, "lips"), size)
