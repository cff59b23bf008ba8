"""The mesh that is found in a picture, and how far it lies from the one in another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..face.averaged_mesh import averaged_mesh
from ..face.face_mesh import PRESENT, FaceMesh, region_of_mesh
from ..motion.mesh_points import keypoints, opening
from .clip import Meshes, Pictures
from .face_parts import EYES, LIPS, eye_distance

_LOOKS = 3


class MeshFinder:
    """Finds meshes in pictures where a face is expected.

    Args:
        face_mesh: the network.
    """

    def __init__(self, face_mesh: FaceMesh) -> None:
        self._face_mesh = face_mesh

    def find(self, pictures: Pictures, expected: Meshes) -> Meshes:
        """Meshes of pictures, (n, 478, 3) in crop coordinates; nan where there is no face.

        The first look goes where the expected mesh is, the next ones where the face was seen before: so a result and
        the real frame are looked at alike, and what is found depends on the picture alone (one look less, and a still
        picture whose expected mesh moves trembles by a third of what real frames do). The mean of eight looks follows,
        as in training data.

        Args:
            pictures: (n, N, N, 3).
            expected: (n, 478, 3) in crop coordinates.
        """
        half = pictures.shape[1] / 2
        plane = np.array([1.0, 1.0, 0.0])
        found = []
        for picture, mesh in zip(pictures, expected, strict=True):
            landmarks = ((mesh + plane) * half).astype(np.float32)
            for _ in range(_LOOKS):
                (seen,) = self._face_mesh(picture, [region_of_mesh(landmarks)])
                landmarks = seen.landmarks
            if seen.flag > PRESENT:
                found.append(averaged_mesh(self._face_mesh, picture, landmarks) / half - plane)
            else:
                found.append(np.full(mesh.shape, np.nan))
        return np.stack(found)


def landmark_metrics(found: Meshes, real: Meshes, side: int) -> dict[str, float]:
    """Distances of the mesh in a result from that in the real frame, (478, 3) each in crop coordinates.

    Args:
        found: nan if there is no face in the result.
        real: of the real frame, found in the same way.
        side: of the crop, in pixels.

    Returns:
        landmarks, landmarks_lips, landmarks_eyes (mean distances in eye distances, in the picture's plane), eye_ratio,
        lip_ratio (absolute errors), akd (mean distance of the 21 keypoints in pixels).
    """
    distance = np.linalg.norm((found - real)[:, :2], axis=-1) / eye_distance(real)
    ratios = np.abs(opening(found) - opening(real))
    moved = np.linalg.norm((keypoints(found) - keypoints(real))[:, :2], axis=-1)
    return {
        "landmarks": float(distance.mean()),
        "landmarks_lips": float(distance[LIPS].mean()),
        "landmarks_eyes": float(distance[EYES].mean()),
        "eye_ratio": float(ratios[:2].mean()),
        "lip_ratio": float(ratios[2]),
        "akd": float(moved.mean()) * side / 2,
    }


def tremble(meshes: Meshes) -> NDArray[np.float64]:
    """Mean absolute second difference of the landmarks of consecutive frames, in thousandths of the eye distance.

    The eye distance is the median of the run.

    Args:
        meshes: (n, 478, 3), nan where there is no face.

    Returns:
        (n - 2,), one for each triple of frames; nan where one of them has no face.
    """
    plane = meshes[..., :2]
    second = plane[2:] - 2 * plane[1:-1] + plane[:-2]  # (n - 2, 478, 2)
    distances = eye_distance(meshes)
    seen = distances[np.isfinite(distances)]
    unit = float(np.median(seen)) if len(seen) else np.nan
    swayed: NDArray[np.float64] = np.abs(second).mean((1, 2)) / unit * 1e3
    return swayed


def flicker(pictures: Pictures, outside: NDArray[np.bool_]) -> float:
    """Mean absolute difference of consecutive pictures in an area, 0..1."""
    steps: Sequence[float] = [
        float(np.abs(later[outside].astype(np.int16) - earlier[outside]).mean())
        for earlier, later in pairwise(pictures)
    ]
    return float(np.mean(steps)) / 255
