"""What the crop needs of a landmark set: its scheme, two reference points, and the points that span the face.

Pictures are sampled at pixel centres 0, 1, ..., W - 1 by the crop's matrices. The mesh alone counts pixel edges 0..W
(centres lie at .5), which `mesh_in_crop` takes into account; everywhere else half a pixel does not matter and the
official convention (no offset) is kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .face import Points, Scheme

Floats = NDArray[np.float32]

_BY_COUNT = {
    478: Scheme.MESH478,
    101: Scheme.LMK101,
    106: Scheme.LMK106,
    68: Scheme.LMK68,
    5: Scheme.KP5,
    203: Scheme.LMK203,
    9: Scheme.ANIMAL9,
}
_BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_BROW_TOLERANCE = 1.0  # pixels


class _Parts(NamedTuple):
    """Point numbers whose means are the eye centres and the lip centre; left is left in the picture."""

    left_eye: tuple[int, ...]
    right_eye: tuple[int, ...]
    lip: tuple[int, ...]


_PARTS = {
    Scheme.LMK203: _Parts((0, 6, 12, 18), (24, 30, 36, 42), (48, 66)),
    Scheme.LMK106: _Parts((33, 35, 40, 39), (87, 89, 94, 93), (52, 61)),
    Scheme.LMK101: _Parts((39, 42, 45, 48), (51, 54, 57, 60), (75, 81)),
    Scheme.LMK68: _Parts((36, 39), (42, 45), (48, 54)),
    Scheme.KP5: _Parts((0,), (1,), (3, 4)),
    Scheme.ANIMAL9: _Parts((2, 3), (0, 1), (5, 6)),
    Scheme.POINTS4: _Parts((0,), (1,), (3,)),
    Scheme.MESH478: _Parts((33, 133, 145, 159), (263, 362, 374, 386), (61, 291)),
}


def scheme_of(count: int) -> Scheme:
    """The scheme of a bare array of `count` points (spec: pipeline, section 5.3).

    More than 101 points of an unknown kind count as the 101 points followed by others.

    Raises:
        InputError: no scheme has that many points.
    """
    if count in _BY_COUNT:
        return _BY_COUNT[count]
    if count > 101:
        return Scheme.LMK101
    known = ", ".join(str(n) for n in sorted(_BY_COUNT))
    raise InputError(f"cannot read a set of {count} landmarks: pass {known} points, or more than 101")


def planar(points: Points) -> Floats:
    """The x and y of landmarks (N, 2) or (N, 3) as float32 (N, 2).

    Raises:
        InputError: not an array of points.
    """
    xy = np.asarray(points)
    if xy.ndim != 2 or xy.shape[1] not in (2, 3):
        raise InputError(f"landmarks must be an array of shape (N, 2) or (N, 3), got {xy.shape}")
    return np.ascontiguousarray(xy[:, :2], np.float32)


def reference_points(points: Points, scheme: Scheme, *, use_lip: bool = True) -> Floats:
    """Eye centre and lip centre of a face, whose direction says what "down" is (spec: pipeline, section 5.3).

    Args:
        points: (N, 2) or (N, 3) pixels.
        scheme: the meaning of the points.
        use_lip: False takes the direction from the eyes alone: the left eye, and a point below it at eye distance.

    Returns:
        (2, 2) float32 pixels.
    """
    xy, parts = planar(points), _PARTS[scheme]
    left, right = xy[list(parts.left_eye)].mean(0), xy[list(parts.right_eye)].mean(0)
    if use_lip:
        return np.stack([(left + right) / 2, xy[list(parts.lip)].mean(0)])
    across = right - left
    return np.stack([left, left + np.array([-across[1], across[0]], np.float32)])


def extent_points(points: Points, scheme: Scheme, down: Floats) -> Floats:
    """The points whose mean and extents make the crop (spec: pipeline, section 5.3).

    The mesh reaches up to the hairline and the official point sets end at the brows: of the mesh only the points at
    or below its highest brow point are kept, so that the crop frames the face as the official one does.

    Args:
        points: (N, 2) or (N, 3) pixels.
        scheme: the meaning of the points.
        down: unit vector (2,) from the eyes to the mouth.

    Returns:
        (M, 2) float32 pixels.
    """
    xy = planar(points)
    if scheme is not Scheme.MESH478:
        return xy
    depth = xy @ down
    return xy[depth >= depth[list(_BROWS)].min() - _BROW_TOLERANCE]


def mesh_in_crop(landmarks: Points, M_o2c: Floats, size: int) -> Floats:
    """Mesh landmarks of the picture in normalised coordinates of a crop, as the compact model's motion wants them.

    Args:
        landmarks: (478, 3) pixels of the picture, pixel edges at whole numbers; z larger = farther.
        M_o2c: (3, 3) matrix from the picture to the crop (pixel centres at whole numbers).
        size: side of the crop in pixels.

    Returns:
        (478, 3) float32: x and y from -1 to 1 over the crop's edges, z in the same unit.

    Raises:
        InputError: not (478, 3) landmarks.
    """
    mesh = np.asarray(landmarks, np.float64)
    if mesh.shape != (478, 3):
        raise InputError(f"mesh landmarks must have shape (478, 3), got {mesh.shape}")
    linear = np.asarray(M_o2c, np.float64)[:2]
    xy = (mesh[:, :2] - 0.5) @ linear[:, :2].T + linear[:, 2] + 0.5
    z = mesh[:, 2:] * np.sqrt(abs(np.linalg.det(linear[:, :2])))
    return np.concatenate([xy * (2 / size) - 1, z * (2 / size)], axis=1).astype(np.float32)
