"""Motion of a face from the 478 landmarks of its mesh: what the compact model uses in place of a motion network.

Meshes are in crop coordinates: x = 2 X / W - 1 and y = 2 Y / H - 1 for pixel edges 0..W of the square crop, z in the
same unit (pixels of z over half the crop's side), larger = farther. "Left" is left in the picture. The arithmetic is
float64; the resulting `Motion` is float32 and obeys ``x = scale * (kp @ R + exp) + t`` exactly, frame by frame.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..errors import InputError
from .motion import Motion

Array = NDArray[np.float64]

N_POINTS = 478
N_KEYPOINTS = 21

# Mesh points that move with the skull: forehead, nose, temples, eye corners, upper cheeks.
_RIGID_POINTS = [
    *(10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 127, 356, 234, 454, 93, 323, 21, 251, 54),
    *(284, 103, 332, 67, 297, 109, 338, 33, 133, 263, 362, 116, 345, 117, 346, 118, 347, 2, 98, 327),
]
# Keypoint -> the mesh points whose mean it is. The numbering is that of the original's learnt keypoints.
_KEYPOINT_POINTS = {
    1: (70, 63, 105, 66, 107, 46, 53, 52, 65, 55),  # left brow
    2: (300, 293, 334, 296, 336, 276, 283, 282, 295, 285),  # right brow
    3: (205, 50, 207),  # left cheek
    4: (1, 4, 5),  # tip of the nose
    5: (152, 175),  # chin
    6: (91, 181),  # lower lip, left half
    7: (425, 280, 427),  # right cheek
    8: (234, 127, 93),  # left side of the face
    9: (454, 356, 323),  # right side of the face
    10: (10, 151),  # forehead
    11: (468, 469, 470, 471, 472),  # left pupil
    12: (321, 405),  # lower lip, right half
    13: (159, 158, 160),  # left upper lid
    14: (291, 308, 306),  # right corner of the mouth
    15: (473, 474, 475, 476, 477),  # right pupil
    16: (386, 385, 387),  # right upper lid
    17: (61, 78, 76),  # left corner of the mouth
    18: (145, 144, 153, 374, 373, 380),  # both lower lids
    19: (14, 87, 317),  # inner lower lip
    20: (13, 82, 312),  # inner upper lip
}
_HAIR_TOP, _FOREHEAD_TOP, _NOSE_ROOT = 0, 10, 168  # keypoint 0 lies beyond the mesh, on the line of these two points
_HAIR_HEIGHT = 0.9
_MIRRORED = [(11, 15), (13, 16), (17, 14), (3, 7), (1, 2), (8, 9), (6, 12)]  # keypoints that swap in a flipped picture
_LIPS, _EYES, _BROWS = [6, 12, 14, 17, 19, 20], [11, 13, 15, 16, 18], [1, 2]
_UPPER_LIDS, _LOWER_LIP = [13, 16], [6, 12, 19]

_CLIP_LENGTH = 8  # fewer frames say too little about a person's neutral face
_CLOSED_MOUTH_SHARE = 0.3
_TINY = 1e-6  # keeps meshes that are collapsed to a point finite


def motion_from_meshes(meshes: ArrayLike) -> Motion:
    """Motion of one clip, or of one picture (T = 1).

    All frames share one canonical shape, see `canonical_keypoints`.

    Args:
        meshes: (T, 478, 3) in crop coordinates.

    Returns:
        Motion of T frames on the CPU, eye and lip ratios included.

    Raises:
        InputError: the array has another shape, no frame, or holds values that are not finite.
    """
    return motion_with_shape(meshes, canonical_keypoints(meshes))


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
    meshes, shape = _checked(meshes), torch.as_tensor(x_c).cpu().numpy().astype(np.float64)
    if shape.shape != (N_KEYPOINTS, 3):
        raise InputError(f"canonical keypoints must be ({N_KEYPOINTS}, 3), got {shape.shape}")
    pose = fit_pose(meshes)
    exp = _without_scale_and_place(keypoints(meshes), pose) - shape @ pose.R  # (T, 21, 3)
    ratios = opening(meshes)
    return Motion(
        kp=_tensor(np.broadcast_to(shape, exp.shape)),
        R=_tensor(pose.R),
        exp=_tensor(exp),
        t=_tensor(pose.t * [1, 1, 0]),  # the depth of the head is not used anywhere
        scale=_tensor(pose.scale[:, None]),
        eye_ratio=_tensor(ratios[:, :2]),
        lip_ratio=_tensor(ratios[:, 2:]),
    )


def canonical_keypoints(meshes: ArrayLike) -> Array:
    """The one neutral, frontal shape of a face that its clip (or picture) shows.

    A clip: the median un-rotated face (lips: of the 30 % most closed frames). Below 8 frames: the first frame. Both are
    pulled towards the mean face, least where people differ and most where faces move, so that an open mouth or a smile
    ends up in the expression and not in the shape.

    Args:
        meshes: (T, 478, 3) in crop coordinates.

    Returns:
        (21, 3) float64.

    Raises:
        InputError: the array has another shape, no frame, or holds values that are not finite.
    """
    meshes = _checked(meshes)
    pose = fit_pose(meshes)
    frontal = _without_scale_and_place(keypoints(meshes), pose) @ pose.R.swapaxes(-1, -2)  # (T, 21, 3)
    if len(meshes) >= _CLIP_LENGTH:
        lip_ratio = opening(meshes)[:, 2]
        closed = lip_ratio <= np.quantile(lip_ratio, _CLOSED_MOUTH_SHARE)
        shape = np.median(frontal, axis=0)
        shape[_LIPS] = np.median(frontal[closed], axis=0)[_LIPS]
        keep = np.full((N_KEYPOINTS, 3), 0.95)
        keep[_LIPS + _EYES + _BROWS] = 0.8
        keep[_LOWER_LIP, 1] = 0.6
    else:
        shape = frontal[0]
        keep = np.full((N_KEYPOINTS, 3), 0.85)
        keep[_LIPS + _BROWS] = 0.4
        keep[_EYES] = 0.5
        keep[_LIPS, 1] = 0.25
        keep[_UPPER_LIDS, 1] = 0.2
    mean = _mean_keypoints()
    return mean + keep * (shape - mean)


class Pose(NamedTuple):
    """Similarity from the mean face to T meshes: ``mesh = scale * mean_face @ R + t``.

    Attributes:
        scale: (T,).
        R: rotations for row vectors, (T, 3, 3).
        t: translations, z included, (T, 3).
    """

    scale: Array
    R: Array
    t: Array


def fit_pose(meshes: Array) -> Pose:
    """Least-squares similarity from the mean face to each of T meshes, (T, 478, 3), over the skull's points."""
    mean_face, points = _mean_face()[_RIGID_POINTS], meshes[:, _RIGID_POINTS]
    mean_centre, centre = mean_face.mean(0), points.mean(1)
    mean_face, points = mean_face - mean_centre, points - centre[:, None]
    u, stretch, vt = np.linalg.svd(mean_face.T @ points)  # (T, 3, 3), (T, 3), (T, 3, 3)
    handedness = np.sign(np.linalg.det(u @ vt))  # a rotation never mirrors, so the weakest axis gives way
    stretch[:, 2] *= handedness
    u[:, :, 2] *= handedness[:, None]
    rotation = u @ vt
    scale = np.maximum(stretch.sum(-1) / (mean_face**2).sum(), _TINY)
    return Pose(scale, rotation, centre - scale[:, None] * (mean_centre @ rotation))


def keypoints(meshes: Array) -> Array:
    """The 21 keypoints of meshes, (..., 478, 3) -> (..., 21, 3), in crop coordinates."""
    return _keypoint_weights() @ meshes


def opening(meshes: ArrayLike) -> Array:
    """How open eyes and lips are: height over width, in the picture's plane.

    Args:
        meshes: (..., 478, 3); any unit, pixels too.

    Returns:
        (..., 3): left eye, right eye, inner lips.
    """
    plane = np.asarray(meshes, dtype=np.float64)[..., :2]

    def distance(a: int, b: int) -> Array:
        return np.linalg.norm(plane[..., a, :] - plane[..., b, :], axis=-1)

    heights = np.stack([distance(159, 145), distance(386, 374), distance(13, 14)], -1)
    widths = np.stack([distance(33, 133), distance(362, 263), distance(78, 308)], -1)
    return heights / np.maximum(widths, _TINY)


def _without_scale_and_place(points: Array, pose: Pose) -> Array:
    """Keypoints (T, 21, 3) turned as in the picture, but at the mean face's size and place."""
    return (points - pose.t[:, None]) / pose.scale[:, None, None]


def _checked(meshes: ArrayLike) -> Array:
    array = np.asarray(meshes, dtype=np.float64)
    if array.ndim != 3 or array.shape[1:] != (N_POINTS, 3) or not len(array):
        raise InputError(f"face meshes must be (frames, {N_POINTS}, 3) with at least one frame, got {array.shape}")
    if not np.isfinite(array).all():
        raise InputError("face meshes must be finite, got NaN or infinity: leave out the frames that show no face")
    return array


def _tensor(array: Array) -> Tensor:
    return torch.tensor(array, dtype=torch.float32)


@cache
def _mean_face() -> Array:
    """Symmetric mean face, frontal and of scale 1, (478, 3), read-only."""
    points = np.load(Path(__file__).with_name("mean_face.npy"), allow_pickle=False).astype(np.float64)
    points.flags.writeable = False
    return points


@cache
def _keypoint_weights() -> Array:
    """Keypoints as linear combinations of mesh points, (21, 478), read-only."""
    weights = np.zeros((N_KEYPOINTS, N_POINTS))
    for keypoint, points in _KEYPOINT_POINTS.items():
        weights[keypoint, list(points)] = 1 / len(points)
    weights[_HAIR_TOP, [_FOREHEAD_TOP, _NOSE_ROOT]] = 1 + _HAIR_HEIGHT, -_HAIR_HEIGHT
    weights.flags.writeable = False
    return weights


@cache
def _mean_keypoints() -> Array:
    """Keypoints of the mean face, made exactly symmetric, (21, 3), read-only."""
    order = np.arange(N_KEYPOINTS)
    for a, b in _MIRRORED:
        order[[a, b]] = b, a
    points = keypoints(_mean_face())
    symmetric: Array = (points + points[order] * [-1, 1, 1]) / 2
    symmetric.flags.writeable = False
    return symmetric
