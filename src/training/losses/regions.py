"""Where face, eyes and lips are: boxes around landmarks, soft masks, and crops of a fixed size.

A box is (left, top, right, bottom) in crop coordinates, where -1..1 spans the picture's edges. "Left" is left in the
picture. Source: LivePortrait (arXiv 2407.03168), section 3.2, whose perceptual and GAN losses look at the whole, at the
face and at the lips, parts that 2D landmarks define; which landmarks and how wide is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import InputError
from ...modules.compact.grid import along, cell_centres
from ...motion.keypoints import EYES, LIP, NUM_KP
from ...motion.mesh_points import N_POINTS
from ..checks import check_pictures, check_points
from ..precision import in_float32

WHOLE = "whole"  # name of the picture itself beside its parts
Region = Literal["face", "eyes", "lips"]

_EYE_CORNERS_AND_LIDS = (33, 133, 159, 145, 158, 153, 160, 144, 263, 362, 386, 374, 385, 380, 387, 373)
_OUTER_LIPS = (61, 291, 0, 17, 37, 267, 40, 270, 84, 314, 91, 321)
_MESH_POINTS: dict[Region, Sequence[int]] = {
    "face": range(N_POINTS),
    "eyes": _EYE_CORNERS_AND_LIDS,
    "lips": _OUTER_LIPS,
}
_KEYPOINTS: dict[Region, Sequence[int]] = {
    "face": (5, 8, 9, 10),  # chin, both sides, forehead
    "eyes": EYES,
    "lips": LIP,
}
# Share of the longer side that is added on each side: the points outline their part, skin around it belongs to it.
_MARGIN: dict[Region, float] = {"face": 0.1, "eyes": 0.15, "lips": 0.3}
_LEAST_SIDE = 0.02  # of a box in crop coordinates: points may coincide
_EDGE = 4.0  # steepness of a mask's edge


def region_boxes(points: Tensor, region: Region, margin: float | None = None) -> Tensor:
    """Square boxes around a part of the face.

    Args:
        points: (B, 478, 3) meshes or (B, 21, 3) keypoints in crop coordinates; z is not used and may be missing.
            Keypoints of eyes outline little more than the pupil: take meshes for those where there are any.
        region: which part.
        margin: share of the side that is added on each side; None: what suits the part (0.1 to 0.3).

    Returns:
        (B, 4); may reach beyond the picture.

    Raises:
        InputError: points of another number, or an unknown part.
    """
    check_points(points)
    table = {N_POINTS: _MESH_POINTS, NUM_KP: _KEYPOINTS}.get(points.shape[1])
    if table is None:
        raise InputError(f"regions need {N_POINTS} mesh points or {NUM_KP} keypoints, got {points.shape[1]} points")
    if region not in table:
        raise InputError(f"unknown region {region!r}; known are {', '.join(get_args(Region))}")
    return points_box(points[:, list(table[region])], _MARGIN[region] if margin is None else margin)


def points_box(points: Tensor, margin: float = 0.0) -> Tensor:
    """Square boxes around points, centred on their extent.

    Args:
        points: (B, N, 2) or (B, N, 3); z is not used.
        margin: share of the side that is added on each side.

    Returns:
        (B, 4).

    Raises:
        InputError: another shape.
    """
    check_points(points)
    plane = points[..., :2]
    low, high = plane.amin(1), plane.amax(1)  # (B, 2)
    centre = (low + high) / 2
    half = (high - low).amax(1, keepdim=True).clamp_min(_LEAST_SIDE) * (0.5 + margin)  # (B, 1)
    return torch.cat([centre - half, centre + half], 1)


@in_float32
def region_crops(pictures: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Cut boxes out of pictures and bring them to one size; differentiable in both.

    Bilinear, and the nearest edge pixel beyond the picture. A box of more than twice the size in pixels is sampled
    without smoothing.

    Args:
        pictures: (B, C, H, W).
        boxes: (B, 4), or (1, 4) or (4,) for all.
        size: side of the crops in pixels.

    Returns:
        (B, C, size, size).

    Raises:
        InputError: other shapes.
    """
    check_pictures(pictures)
    boxes = _boxes_for(len(pictures), boxes)
    steps = (cell_centres(size, pictures) + 1) / 2  # (size,) in 0..1 of the box
    low, side = boxes[:, :2, None], (boxes[:, 2:] - boxes[:, :2])[..., None]
    x, y = (low + steps * side).unbind(1)  # (B, size) each
    x, y = x[:, None].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)
    grid = torch.stack([x, y], -1).to(pictures)  # (B, size, size, 2)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)


@in_float32
def region_masks(boxes: Tensor, size: int) -> Tensor:
    """Soft ellipses that fill boxes: near 1 inside, 0.5 on the ellipse, near 0 outside.

    Args:
        boxes: (B, 4).
        size: side of the masks in pixels.

    Returns:
        (B, 1, size, size) in 0..1.

    Raises:
        InputError: another shape.
    """
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InputError(f"boxes must be (B, 4), got {tuple(boxes.shape)}")
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = ((boxes[:, 2:] - boxes[:, :2]) / 2).clamp_min(_LEAST_SIDE / 2)
    unit = torch.diag_embed(1 / half)  # (B, 2, 2): x and y in half axes
    across, down = along(unit[:, 0], centre, size), along(unit[:, 1], centre, size)
    return torch.sigmoid((1 - across**2 - down**2) * _EDGE)[:, None]


def _boxes_for(batch: int, boxes: Tensor) -> Tensor:
    if boxes.shape not in ((4,), (1, 4), (batch, 4)):
        raise InputError(f"boxes for {batch} pictures must be ({batch}, 4), got {tuple(boxes.shape)}")
    return boxes.expand(batch, 4)
