"""A human face mesh laid over an animal's face, so that everything made for meshes serves animals too.

Four points are enough: both eyes, nose and mouth. The mean face goes where they are and is then bent softly until its
own eyes, nose and mouth lie on them. Where its pose is to be the head's, as of a driver, yaw and pitch are those under
which the four points fit best. What they say differs from one animal to the next, but not in one animal from frame to
frame, so it serves for relative motion; a source is taken for frontal.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from ..motion.mesh_points import mean_face
from .face import Points

Array = NDArray[np.float64]

_PARTS = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477), (1, 4, 5), (61, 291, 13, 14))  # eyes, nose, mouth
_REACH = 0.35  # how far a point bends its surroundings, in distances of the mean face's eyes
_SHY = 0.1  # a turn by one radian must better the points by so much, in distances of the eyes
_LARGEST_TURN = 0.7  # radians of yaw and pitch


def mesh_over(points: Points, *, turned: bool = False) -> NDArray[np.float32]:
    """The mean face over an animal's eyes, nose and mouth.

    Args:
        points: picture-left eye, picture-right eye, nose, mouth, (4, 2) pixels.
        turned: give it the head's yaw and pitch; else it is frontal.

    Returns:
        (478, 3) float32: x and y in pixels, z in the same unit, larger = farther; eyes open, mouth all but closed.
    """
    targets = np.asarray(points, np.float64)
    yaw, pitch = _turn(targets) if turned else (0.0, 0.0)
    face = mean_face() @ _rotation(yaw, pitch)
    scale, roll, shift = _similarity(_anchors(face), targets)
    mesh = scale * face
    mesh[:, :2] = mesh[:, :2] @ roll + shift
    return (mesh + _bend(mesh, targets)).astype(np.float32)


def _turn(targets: Array) -> tuple[float, float]:
    """Yaw and pitch in radians under which the mean face's points fit best, pulled towards zero."""
    size = np.linalg.norm(targets[1] - targets[0])
    points = _mean_anchors()

    def misfit(turn: Array) -> Array:
        turned = (points @ _rotation(*turn))[:, :2]
        scale, roll, shift = _similarity(turned, targets)
        return np.concatenate([(scale * turned @ roll + shift - targets).ravel() / size, _SHY * turn])

    yaw, pitch = least_squares(misfit, np.zeros(2), bounds=(-_LARGEST_TURN, _LARGEST_TURN)).x
    return float(yaw), float(pitch)


def _rotation(yaw: float, pitch: float) -> Array:
    """The rotation (3, 3) for row vectors."""
    return Rotation.from_euler("yx", [yaw, pitch]).as_matrix()


def _anchors(mesh: Array) -> Array:
    """Eyes, nose and mouth of a mesh, (4, 2)."""
    return np.stack([mesh[list(part), :2].mean(0) for part in _PARTS])


@cache
def _mean_anchors() -> Array:
    """Eyes, nose and mouth of the mean face, (4, 3), read-only."""
    anchors = np.stack([mean_face()[list(part)].mean(0) for part in _PARTS])
    anchors.flags.writeable = False
    return anchors


def _similarity(points: Array, targets: Array) -> tuple[float, Array, Array]:
    """The best scale, rotation (2, 2) for row vectors and shift (2,) from points to targets, both (4, 2)."""
    a, b = points - points.mean(0), targets - targets.mean(0)
    cosine, sine = (a * b).sum(), (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()
    length = np.hypot(cosine, sine)
    roll = np.array([[cosine, sine], [-sine, cosine]]) / length
    scale = float(length / (a**2).sum())
    return scale, roll, targets.mean(0) - scale * points.mean(0) @ roll


def _bend(mesh: Array, targets: Array) -> Array:
    """Displacements (478, 3) that bring eyes, nose and mouth of the mesh to the targets and fade out around them."""
    anchors = _anchors(mesh)
    reach = _REACH * float(np.linalg.norm(anchors[1] - anchors[0]))
    closeness = _closeness(mesh[:, :2], anchors, reach)
    of_parts = np.stack([closeness[list(part)].mean(0) for part in _PARTS])  # (4, 4)
    bend = np.zeros_like(mesh)
    bend[:, :2] = closeness @ np.linalg.solve(of_parts, targets - anchors)
    return bend


def _closeness(points: Array, anchors: Array, reach: float) -> Array:
    """1 at an anchor, falling to 0 beyond the reach, (N, 4)."""
    return np.exp(-((np.linalg.norm(points[:, None] - anchors, axis=-1) / reach) ** 2))
