"""What motion needs to know of a face mesh: 0.4 KB a frame, where the mesh itself takes up to 11.

Measures may be taken in pixels of the picture, before its crop is known, and go `FaceMeasures.through` a matrix later.
The arithmetic is float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .mesh_points import N_POINTS, RIGID_POINTS, TINY, Array, keypoints, mean_face, opening

_SKEW = 1e-3  # how far a matrix may be from a similarity


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


@dataclass(frozen=True)
class FaceMeasures:
    """What motion needs to know of T meshes.

    Attributes:
        pose: of the head.
        turned: keypoints turned as in the picture, but at the mean face's size and place, (T, 21, 3) float32.
        opening: left eye, right eye, inner lips, (T, 3).
    """

    pose: Pose
    turned: NDArray[np.float32]
    opening: Array

    def __len__(self) -> int:
        return len(self.opening)

    def through(self, matrices: ArrayLike, size: int) -> FaceMeasures:
        """Measures of meshes in pixels (pixel edges at whole numbers) as if those had been taken into crops first.

        Everything measured follows a similarity of the picture exactly: keypoints are affine combinations of mesh
        points, openings are ratios.

        Args:
            matrices: (3, 3), or one a mesh (T, 3, 3), from the picture to the crop, pixel centres at whole numbers;
                scale, rotation and shift only.
            size: side of the crop in pixels.

        Raises:
            InputError: other shapes, or matrices that stretch or mirror.
        """
        scale, turn, shift = _similarity(matrices, len(self))
        half = size / 2
        plane = np.array([1.0, 1.0, 0.0])  # z has no origin
        t = (self.pose.t - 0.5 * plane)[:, None] @ turn  # (T, 1, 3)
        t = scale[:, None] * t[:, 0] + shift + 0.5 * plane  # (T, 3) pixels of the crop
        pose = Pose(np.maximum(self.pose.scale * scale / half, TINY), self.pose.R @ turn, t / half - plane)
        return FaceMeasures(pose, (self.turned @ turn).astype(np.float32), self.opening)

    @staticmethod
    def cat(parts: Sequence[FaceMeasures]) -> FaceMeasures:
        """Measures one after the other."""
        pose = Pose(*(np.concatenate(arrays) for arrays in zip(*(part.pose for part in parts), strict=True)))
        return FaceMeasures(
            pose, np.concatenate([part.turned for part in parts]), np.concatenate([part.opening for part in parts])
        )


def measure(meshes: ArrayLike) -> FaceMeasures:
    """Pose, keypoints and openings of T meshes, each on its own.

    Args:
        meshes: (T, 478, 3) in crop coordinates, or in pixels if the measures are to go `FaceMeasures.through` matrices.

    Raises:
        InputError: the array has another shape, no frame, or holds values that are not finite.
    """
    array = np.asarray(meshes, dtype=np.float64)
    if array.ndim != 3 or array.shape[1:] != (N_POINTS, 3) or not len(array):
        raise InputError(f"face meshes must be (frames, {N_POINTS}, 3) with at least one frame, got {array.shape}")
    if not np.isfinite(array).all():
        raise InputError("face meshes must be finite, got NaN or infinity: leave out the frames that show no face")
    pose = fit_pose(array)
    turned = (keypoints(array) - pose.t[:, None]) / pose.scale[:, None, None]
    return FaceMeasures(pose, turned.astype(np.float32), opening(array))


def fit_pose(meshes: Array) -> Pose:
    """Least-squares similarity from the mean face to each of T meshes, (T, 478, 3), over the skull's points."""
    face, points = mean_face()[RIGID_POINTS], meshes[:, RIGID_POINTS]
    face_centre, centre = face.mean(0), points.mean(1)
    face, points = face - face_centre, points - centre[:, None]
    u, stretch, vt = np.linalg.svd(face.T @ points)  # (T, 3, 3), (T, 3), (T, 3, 3)
    handedness = np.sign(np.linalg.det(u @ vt))  # a rotation never mirrors, so the weakest axis gives way
    stretch[:, 2] *= handedness
    u[:, :, 2] *= handedness[:, None]
    rotation = u @ vt
    scale = np.maximum(stretch.sum(-1) / (face**2).sum(), TINY)
    return Pose(scale, rotation, centre - scale[:, None] * (face_centre @ rotation))


def _similarity(matrices: ArrayLike, n: int) -> tuple[Array, Array, Array]:
    """Scale (n,), rotation for row vectors (n, 3, 3) and shift (n, 3) of similarities of the plane, z along."""
    given = np.asarray(matrices, np.float64)
    if given.shape not in ((3, 3), (n, 3, 3)):
        raise InputError(f"matrices for {n} meshes must be (3, 3) or ({n}, 3, 3), got {given.shape}")
    a, b, x, c, d, y = np.broadcast_to(given, (n, 3, 3))[:, :2].reshape(n, 6).T
    scale = np.hypot(a + d, c - b) / 2
    if not (np.maximum(abs(a - d), abs(b + c)) < _SKEW * scale).all():  # also false for NaN
        raise InputError("matrices from the picture to a crop must scale, rotate and shift only")
    cosine, sine, zero = (a + d) / (2 * scale), (c - b) / (2 * scale), np.zeros(n)
    turn = np.stack([cosine, sine, zero, -sine, cosine, zero, zero, zero, zero + 1], axis=1)
    return scale, turn.reshape(n, 3, 3), np.stack([x, y, zero], axis=1)
