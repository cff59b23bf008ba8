"""The mesh of a face from eight looks at it: what a single look errs by differs from look to look.

For what is looked at once and used often, such as training data.
"""

from __future__ import annotations

import numpy as np

from ..motion.mesh_points import mirrored_points
from .face import Points, Rgb
from .face_mesh import FaceMesh, region_of_mesh
from .sampling import Region

# Shift to the right and down in sides of the region, logarithm of its growth, turn in radians. They are the same in
# every frame: what all looks err by in common then drops out of the motion between two frames.
_LOOKS = (
    (0.03, 0.03, 0.05, 0.06),
    (-0.03, 0.03, -0.05, 0.06),
    (0.03, -0.03, -0.05, -0.06),
    (-0.03, -0.03, 0.05, -0.06),
)


def averaged_mesh(face_mesh: FaceMesh, rgb: Rgb, landmarks: Points) -> Points:
    """Mean of four looks at a face and four at its mirror image, each at a slightly different region.

    Args:
        face_mesh: the network.
        rgb: (H, W, 3) uint8.
        landmarks: of a first look, (478, 3) in pixels.

    Returns:
        (478, 3) float32 in pixels.
    """
    width = rgb.shape[1]
    straight = _mean(face_mesh, rgb, landmarks)
    mirrored = _mean(face_mesh, np.ascontiguousarray(rgb[:, ::-1]), _mirrored(landmarks, width))
    return np.asarray((straight + _mirrored(mirrored, width)) / 2, np.float32)


def _mean(face_mesh: FaceMesh, rgb: Rgb, landmarks: Points) -> Points:
    region = region_of_mesh(landmarks)
    regions = [
        Region(region.center + region.side * np.array([right, down]), region.side * np.exp(growth), region.angle + turn)
        for right, down, growth, turn in _LOOKS
    ]
    meshes = [mesh.landmarks for mesh in face_mesh(rgb, regions)]
    return np.asarray(np.mean(meshes, axis=0, dtype=np.float32))


def _mirrored(landmarks: Points, width: int) -> Points:
    """The mesh of the mirrored picture."""
    flipped = landmarks * np.array([-1, 1, 1], np.float32) + np.array([width, 0, 0], np.float32)
    return flipped[mirrored_points()]
