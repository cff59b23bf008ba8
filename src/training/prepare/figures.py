"""What the index tells of a shot besides its labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike

from ...motion.measures import fit_pose
from ...motion.mesh_points import opening
from ...motion.pose import degrees
from .quality import Sight

_LIPS = 2


def yaw_range(meshes: ArrayLike) -> float:
    """How far a head turns to the sides, largest less smallest yaw in degrees; 0 for one frame.

    Args:
        meshes: (T, 478, 3) in crop coordinates.
    """
    _, yaw, _ = degrees(torch.from_numpy(fit_pose(np.asarray(meshes, np.float64)).R))
    return float(yaw.max() - yaw.min())


def lip_range(meshes: ArrayLike) -> float:
    """How far lips open, largest less smallest height over width; 0 for one frame.

    Args:
        meshes: (T, 478, 3) in crop coordinates.
    """
    return float(np.ptp(opening(meshes)[:, _LIPS]))


def medians(sights: Sequence[Sight]) -> tuple[float, float]:
    """Median size of the face in pixels of the original, and median sharpness."""
    return (
        float(np.median([sight.face_px for sight in sights])),
        float(np.median([sight.sharpness for sight in sights])),
    )
