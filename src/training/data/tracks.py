"""The numbers of a data set: what is known of every face without looking at a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ...motion.keypoints import transform_keypoint
from ...motion.mesh import motion_from_meshes
from ...motion.pose import degrees
from .shot import Shot

Floats = NDArray[np.float32]

_YAW_SCALE = 12.0  # degrees of yaw that make a clip count twice
_LENGTH_POWER = 0.35  # a clip ten times as long counts 2.2 times as much


@dataclass(frozen=True, eq=False)
class Track:
    """One shot's face, frame by frame, in crop coordinates of the stored pictures.

    Attributes:
        path: of the shot.
        kp: keypoints, (T, 21, 3) float32, their z counted from the head's centre.
        R: head pose for row vectors, (T, 3, 3) float32.
        openness: of the left eye, the right eye and the lips, (T, 3) float32.
    """

    path: Path
    kp: Floats
    R: Floats
    openness: Floats

    def __len__(self) -> int:
        return len(self.kp)

    @property
    def yaw(self) -> Floats:
        """Degrees, (T,)."""
        _, yaw, _ = degrees(torch.from_numpy(self.R))
        return yaw.numpy().reshape(-1)

    @property
    def weight(self) -> float:
        """How often the shot is drawn: long clips and those that turn the head show more."""
        turned = float(np.ptp(self.yaw)) if len(self) > 1 else 0.0
        return float(len(self) ** _LENGTH_POWER * (1 + turned / _YAW_SCALE))


def read_track(path: Path) -> Track:
    """Measure the meshes of one shot.

    Raises:
        InputError: the file is not a shot.
    """
    with Shot(path) as shot:
        motion = motion_from_meshes(shot.meshes)
    kp = transform_keypoint(motion)  # (T, 21, 3)
    assert motion.eye_ratio is not None and motion.lip_ratio is not None, "meshes give ratios"
    openness = np.concatenate([motion.eye_ratio.numpy(), motion.lip_ratio.numpy()], 1)  # (T, 3)
    return Track(path, kp.numpy(), motion.R.numpy(), openness)


def read_tracks(paths: Sequence[Path]) -> list[Track]:
    """`read_track` of several shots."""
    return [read_track(path) for path in paths]
