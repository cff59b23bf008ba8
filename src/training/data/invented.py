"""A still as a pair of frames: its face bent to an invented pose and the expression of somebody else.

Stills show far more people than clips do, which is worth a warped picture. The mouth never opens, since a warp has
no inside of a mouth to show and would teach smearing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.spatial.transform import Rotation

from ...motion.keypoints import LIP
from .tracks import Track

Rgb = NDArray[np.uint8]
Floats = NDArray[np.float32]

_CELLS = 24  # of the coarse flow
_REACH = 1.25  # anchors that stay lie on a circle of so many crop units ...
_ANCHORS = 16  # ... and are so many
_SMOOTHING = 1e-4
_UPPER_LIP, _LOWER_LIP = 20, 19


@dataclass(frozen=True)
class InventedOptions:
    """How far an invented pose may be from the real one.

    Attributes:
        share: of all draws that are stills.
        pitch: most degrees.
        yaw: most degrees.
        roll: most degrees.
        expression: most of another person's expression that is added, as a factor.
        shift: most shift, in crop units.
    """

    share: float = 0.15
    pitch: float = 8.0
    yaw: float = 12.0
    roll: float = 8.0
    expression: float = 1.0
    shift: float = 0.05


def invent(track: Track, other: Track, rng: Generator, options: InventedOptions) -> tuple[Floats, Floats]:
    """Keypoints (21, 3) and pose (3, 3) that a still might have, from its own and two frames of a clip."""
    angles = rng.uniform(-1, 1, 3) * [options.pitch, options.yaw, options.roll]
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix().T
    centre = track.kp[0].mean(0)
    kp = (track.kp[0] - centre) @ turn + centre + _expression(track, other, rng, options) @ turn
    kp[:, :2] += rng.uniform(-options.shift, options.shift, 2)
    return kp.astype(np.float32), (track.R[0] @ turn).astype(np.float32)


def bend(picture: Rgb, kp_from: Floats, kp_to: Floats) -> Rgb:
    """Warp a picture (N, N, 3) uint8 by a thin-plate spline that takes keypoints (21, 3) to others."""
    angles = np.linspace(0, 2 * np.pi, _ANCHORS, endpoint=False)
    anchors = _REACH * np.stack([np.cos(angles), np.sin(angles)], 1)
    to, offsets = np.concatenate([kp_to[:, :2], anchors]), np.zeros((len(kp_to) + _ANCHORS, 2))
    offsets[: len(kp_to)] = (kp_from - kp_to)[:, :2]
    spline = RBFInterpolator(to, offsets, smoothing=_SMOOTHING)
    side = (2 * np.arange(_CELLS) + 1) / _CELLS - 1
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    size = picture.shape[0]
    flow = spline(grid).reshape(_CELLS, _CELLS, 2).astype(np.float32) * (size / 2)
    flow = cv2.resize(flow, (size, size), interpolation=cv2.INTER_CUBIC)
    pixels = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).astype(np.float32)
    return cv2.remap(picture, flow + pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore


def _expression(track: Track, other: Track, rng: Generator, options: InventedOptions) -> NDArray[np.float64]:
    """Difference of two frames of a clip, as this still's face would show it, (21, 3); the mouth does not open."""
    first, second = rng.integers(len(other), size=2)
    scale = _size(track, 0) / _size(other, int(second))
    still = [_frontal(other, int(i)) for i in (first, second)]
    change = (still[1] - still[0]) * scale * rng.uniform(0, options.expression)
    opened = (change[_LOWER_LIP] - change[_UPPER_LIP])[1]
    if opened > 0:
        change[list(LIP)] = 0
    return change @ track.R[0]


def _frontal(track: Track, frame: int) -> NDArray[np.float64]:
    kp = track.kp[frame] - track.kp[frame].mean(0)
    return np.asarray(kp @ track.R[frame].T, np.float64)


def _size(track: Track, frame: int) -> float:
    return float(np.linalg.norm(track.kp[frame] - track.kp[frame].mean(0)))
