"""Implicit keypoints: index sets, the neutral lips, and canonical keypoints moved into the picture.

Coordinates are those of the crop, x right and y down in -1..1, z away from the viewer.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from scipy.spatial import ConvexHull, QhullError
from torch import Tensor

from ..errors import InputError
from .motion import Motion
from .pose import get_rotation_matrix, headpose_pred_to_degree

NUM_KP = 21
LIP = (6, 12, 14, 17, 19, 20)
EYES = (11, 13, 15, 16, 18)
CHIN = 5

# Which coordinates of which keypoints carry expression rather than head shape (spec: pipeline, section 9).
SELECTED_COORDINATES: dict[int, str] = {
    **dict.fromkeys((1, 2, 6, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20), "xyz"),
    **{3: "y", 4: "y", 5: "z", 8: "z", 9: "yz"},
}

# Expression of the official model with closed, relaxed lips, (21, 3) (spec: pipeline, section 18.2).
LIP_ARRAY = torch.tensor(
    [
        (-9.4524e-05, 0.00024222, -4.00974e-05),  # 0
        (0.000208596, 0.000468054, 1.27464e-05),  # 1
        (-0.000124602, 0.000324972, 4.425e-06),  # 2
        (0.000119652, -0.000456624, 5.40852e-05),  # 3
        (-0.000265254, -7.4598e-05, -1.5528e-05),  # 4
        (-3.34884e-05, -0.000183036, -3.49404e-06),  # 5
        (-4.75428e-07, -4.52466e-07, 1.59498e-06),  # 6
        (-0.000541296, 0.0026328, 7.2486e-06),  # 7
        (-1.1694e-05, 5.00502e-06, 9.9888e-06),  # 8
        (8.0286e-07, 5.19132e-06, -0.000409344),  # 9
        (0.000166878, -1.9815e-05, -8.8548e-05),  # 10
        (-1.51536e-05, 8.2506e-05, 5.94012e-06),  # 11
        (-2.61054e-07, 2.7591e-06, 2.21028e-06),  # 12
        (-6.6282e-05, -6.8286e-05, -3.45318e-06),  # 13
        (-0.00083262, -0.00179592, -2.59176e-06),  # 14
        (6.9714e-06, 3.65514e-05, -1.8978e-06),  # 15
        (-4.80876e-06, 7.1148e-06, -1.03236e-05),  # 16
        (-0.00063684, -0.0011661, 5.62314e-05),  # 17
        (0.00028329, -1.45656e-05, 1.09746e-05),  # 18
        (-4.16022e-06, -0.0150906, -0.0025494),  # 19
        (0.000222474, 0.00562788, 0.00272646),  # 20
    ],
    dtype=torch.float64,
)


def keypoint_mask(indices: tuple[int, ...]) -> Tensor:
    """All coordinates of the given keypoints: 1 inside, 0 outside, (21, 3) float32."""
    mask = torch.zeros(NUM_KP, 3)
    mask[list(indices)] = 1
    return mask


def selection_mask() -> Tensor:
    """The coordinates of `SELECTED_COORDINATES`: 1 inside, 0 outside, (21, 3) float32."""
    mask = torch.zeros(NUM_KP, 3)
    for keypoint, axes in SELECTED_COORDINATES.items():
        mask[keypoint, ["xyz".index(axis) for axis in axes]] = 1
    return mask


def transform_keypoint(motion: Motion | Mapping[str, Tensor]) -> Tensor:
    """Canonical keypoints moved by pose and expression: ``x = scale * (kp @ R + exp) + t``, z of t left out.

    Args:
        motion: a `Motion`, or the motion network's outputs by their official names (raw or refined).

    Returns:
        Keypoints in the crop, (B, 21, 3).
    """
    if not isinstance(motion, Motion):
        motion = motion_from_kp_info(motion)
    shift = motion.t * motion.t.new_tensor([1, 1, 0])
    return motion.scale[:, None] * (motion.kp @ motion.R + motion.exp) + shift[:, None]


def refine_kp_info(info: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The motion network's raw outputs in readable form; a refined one is returned unchanged.

    Args:
        info: pitch, yaw, roll as (B, 66) logits or (B, 1) degrees; t (B, 3); scale (B, 1); kp and exp as (B, 63) or
            (B, 21, 3). Other entries pass.

    Returns:
        The same names: angles in degrees (B, 1), kp and exp (B, 21, 3).
    """
    batch = len(info["kp"])
    angles = {name: headpose_pred_to_degree(info[name]).reshape(batch, 1) for name in ("pitch", "yaw", "roll")}
    points = {name: info[name].reshape(batch, -1, 3) for name in ("kp", "exp")}
    return {**info, **angles, **points}


def motion_from_kp_info(info: Mapping[str, Tensor]) -> Motion:
    """The motion network's outputs, raw or refined, as a `Motion` (shapes: see `refine_kp_info`)."""
    refined = refine_kp_info(info)
    R = get_rotation_matrix(refined["pitch"], refined["yaw"], refined["roll"])
    return Motion(kp=refined["kp"], R=R, exp=refined["exp"], t=refined["t"], scale=refined["scale"])


def calc_motion_multiplier(x_s: Tensor, x_d: Tensor) -> float:
    """How much larger the source face is than the driven one: ``sqrt(V(x_s) / V(x_d))``.

    The square root of a ratio of volumes is the official rule, though a cube root would be a length
    (spec: pipeline, section 9.4).

    Args:
        x_s: source keypoints, (21, 3) or (1, 21, 3).
        x_d: driving keypoints, same shapes.

    Raises:
        InputError: if the keypoints span no volume.
    """
    return (_hull_volume(x_s) / _hull_volume(x_d)) ** 0.5


def _hull_volume(points: Tensor) -> float:
    array = points.detach().cpu().numpy().astype(np.float64).reshape(-1, 3)
    try:
        return float(ConvexHull(array).volume)
    except (QhullError, ValueError) as error:
        raise InputError("the keypoints span no volume, so the driving motion cannot be scaled by it") from error
