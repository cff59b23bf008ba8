"""The 478 landmarks of a face mesh: which of them make keypoints, what they say of eyes and lips, and the mean face.

"Left" is left in the picture. Arithmetic and results are float64.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .keypoints import NUM_KP

Array = NDArray[np.float64]

N_POINTS = 478
TINY = 1e-6  # keeps meshes that are collapsed to a point finite

# Mesh points that move with the skull: forehead, nose, temples, eye corners, upper cheeks.
RIGID_POINTS = [
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
    return heights / np.maximum(widths, TINY)


@cache
def mean_face() -> Array:
    """Symmetric mean face, frontal and of scale 1, (478, 3), read-only."""
    points = np.load(Path(__file__).with_name("mean_face.npy"), allow_pickle=False).astype(np.float64)
    points.flags.writeable = False
    return points


@cache
def mean_keypoints() -> Array:
    """Keypoints of the mean face, made exactly symmetric, (21, 3), read-only."""
    points = keypoints(mean_face())
    symmetric: Array = (points + points[mirror_order()] * [-1, 1, 1]) / 2
    symmetric.flags.writeable = False
    return symmetric


def mirror_order() -> NDArray[np.int64]:
    """Numbers of the keypoints in a flipped picture, where those of left and right change places, (21,)."""
    order = np.arange(NUM_KP)
    for a, b in _MIRRORED:
        order[[a, b]] = b, a
    return order


@cache
def mirrored_points() -> NDArray[np.int64]:
    """Numbers of the mesh's points in a flipped picture, by the mean face, which is symmetric; (478,), read-only."""
    face = mean_face()
    order = np.linalg.norm(face[:, None] - face * [-1, 1, 1], axis=-1).argmin(1)
    order.flags.writeable = False
    return order


@cache
def _keypoint_weights() -> Array:
    """Keypoints as linear combinations of mesh points, (21, 478), read-only."""
    weights = np.zeros((NUM_KP, N_POINTS))
    for keypoint, points in _KEYPOINT_POINTS.items():
        weights[keypoint, list(points)] = 1 / len(points)
    weights[_HAIR_TOP, [_FOREHEAD_TOP, _NOSE_ROOT]] = 1 + _HAIR_HEIGHT, -_HAIR_HEIGHT
    weights.flags.writeable = False
    return weights
