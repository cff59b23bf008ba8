"""Motion of a face from the 478 landmarks of its mesh: what the compact model uses in place of a motion network.

Meshes are in crop coordinates: x = 2 X / W - 1 and y = 2 Y / H - 1 for pixel edges 0..W of the square crop, z in the
same unit (pixels of z over half the crop's side), larger = farther. "Left" is left in the picture. The arithmetic is
float64; the resulting `Motion` is float32 and obeys ``x = scale * (kp @ R + exp) + t`` exactly, frame by frame.

A clip is measured mesh by mesh (`measures`), and its measures are all that motion needs.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from ..errors import InputError
from .keypoints import EYES, LIP, NUM_KP
from .measures import FaceMeasures, measure
from .mesh_points import Array, mean_keypoints
from .motion import Motion

_LIPS, _EYES, _BROWS = list(LIP), list(EYES), [1, 2]
_UPPER_LIDS, _LOWER_LIP = [13, 16], [6, 12, 19]

_CLIP_LENGTH = 8  # fewer frames say too little about a person's neutral face
_CLOSED_MOUTH_SHARE = 0.3
_LIPS_OF_PICTURE = 0.25  # share of the lips' height that belongs to the shape of a face seen in one picture
# How far lips rise when a mouth closes, in heights of its opening: lower lip, its halves, corners.
_CLOSING = {19: 1.0, 6: 0.9, 12: 0.9, 14: 0.45, 17: 0.45}


def motion_from_meshes(meshes: ArrayLike) -> Motion:
    """Motion of one clip, or of one picture (T = 1): `measure`, then `motion_of`.

    Args:
        meshes: (T, 478, 3) in crop coordinates.

    Returns:
        Motion of T frames on the CPU, eye and lip ratios included.

    Raises:
        InputError: the array has another shape, no frame, or holds values that are not finite.
    """
    return motion_of(measure(meshes))


def motion_with_shape(meshes: ArrayLike, x_c: ArrayLike | Tensor) -> Motion:
    """Motion of frames of a face whose canonical shape is known already: the form for a live camera.

    Args:
        meshes: (T, 478, 3) in crop coordinates.
        x_c: canonical keypoints, (21, 3), of `canonical_keypoints` or of a Motion (``motion.kp[0]``).

    Returns:
        Motion of T frames on the CPU, eye and lip ratios included.

    Raises:
        InputError: an array has another shape, no frame, or holds values that are not finite.
    """
    return motion_of(measure(meshes), x_c)


def motion_of(measures: FaceMeasures, x_c: ArrayLike | Tensor | None = None) -> Motion:
    """Motion of the measured frames, all of one canonical shape.

    Args:
        measures: of T frames of one face.
        x_c: canonical keypoints, (21, 3), of `canonical_keypoints` or of a Motion; None for those of these frames.

    Returns:
        Motion of T frames on the CPU, eye and lip ratios included.

    Raises:
        InputError: the canonical keypoints have another shape.
    """
    if x_c is None:
        x_c = canonical_keypoints(measures)
    shape = torch.as_tensor(x_c).cpu().numpy().astype(np.float64)
    if shape.shape != (NUM_KP, 3):
        raise InputError(f"canonical keypoints must be ({NUM_KP}, 3), got {shape.shape}")
    pose, ratios = measures.pose, measures.opening
    exp = measures.turned - shape @ pose.R  # (T, 21, 3)
    return Motion(
        kp=_tensor(np.broadcast_to(shape, exp.shape)),
        R=_tensor(pose.R),
        exp=_tensor(exp),
        t=_tensor(pose.t * [1, 1, 0]),  # the depth of the head is not used anywhere
        scale=_tensor(pose.scale[:, None]),
        eye_ratio=_tensor(ratios[:, :2]),
        lip_ratio=_tensor(ratios[:, 2:]),
    )


def neutral_expression() -> Tensor:
    """Expression of relaxed, closed lips in a single picture, (21, 3) float32.

    The mean face has its mouth a little open, so closed lips are an expression; a still driver is compared with them.
    """
    mean, exp = mean_keypoints(), np.zeros((NUM_KP, 3))
    opened = mean[19, 1] - mean[20, 1]  # inner lower lip to inner upper lip
    for k, share in _CLOSING.items():
        exp[k, 1] = -(1 - _LIPS_OF_PICTURE) * share * opened
    return _tensor(exp)


def canonical_keypoints(measures: FaceMeasures) -> Array:
    """The one neutral, frontal shape of a face that its clip (or picture) shows.

    A clip: the median un-rotated face (lips: of the 30 % most closed frames). Below 8 frames: the first frame. Both are
    pulled towards the mean face, least where people differ and most where faces move, so that an open mouth or a smile
    ends up in the expression and not in the shape.

    Args:
        measures: of the frames of the clip.

    Returns:
        (21, 3) float64.
    """
    frontal = measures.turned @ measures.pose.R.swapaxes(-1, -2)  # (T, 21, 3)
    if len(measures) >= _CLIP_LENGTH:
        lip_ratio = measures.opening[:, 2]
        closed = lip_ratio <= np.quantile(lip_ratio, _CLOSED_MOUTH_SHARE)
        shape = np.median(frontal, axis=0)
        shape[_LIPS] = np.median(frontal[closed], axis=0)[_LIPS]
        keep = np.full((NUM_KP, 3), 0.95)
        keep[_LIPS + _EYES + _BROWS] = 0.8
        keep[_LOWER_LIP, 1] = 0.6
    else:
        shape = frontal[0]
        keep = np.full((NUM_KP, 3), 0.85)
        keep[_LIPS + _BROWS] = 0.4
        keep[_EYES] = 0.5
        keep[_LIPS, 1] = _LIPS_OF_PICTURE
        keep[_UPPER_LIDS, 1] = 0.2
    mean = mean_keypoints()
    return mean + keep * (shape - mean)


def _tensor(array: Array) -> Tensor:
    return torch.tensor(array, dtype=torch.float32)
