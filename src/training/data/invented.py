"""A still as a pair of frames: its face bent to an invented pose, the expression of somebody else, or a closed mouth.

Stills show far more people than clips do, which is worth a warped picture. The mouth never opens, since a warp has
no inside of a mouth to show and would teach smearing. But an open one can be closed, and then the real picture is the
one to be drawn from it: teeth of many more people (ours).
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
from ...motion.mesh_points import keypoints
from ..ranges import NOT_NEGATIVE, SHARE, check_ranges
from .cells import cell_grid
from .closing import MouthClosing
from .tracks import Track

Rgb = NDArray[np.uint8]
Floats = NDArray[np.float32]
Array = NDArray[np.float64]

_CELLS = 24  # of the coarse flow, a side
_REACH = 1.25  # anchors that stay lie on a circle of so many crop units ...
_ANCHORS = 16  # ... and are so many
_SMOOTHING = 1e-4
_UPPER_LIP, _LOWER_LIP = 20, 19
_OPEN = 0.1  # height over width of a mouth that can be closed


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
        closing: share of the open mouths that are closed.
    """

    share: float = 0.15
    pitch: float = 8.0
    yaw: float = 12.0
    roll: float = 8.0
    expression: float = 1.0
    shift: float = 0.05
    closing: float = 0.0

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, share=SHARE, closing=SHARE)
        check_ranges(self, **dict.fromkeys(("pitch", "yaw", "roll", "expression", "shift"), NOT_NEGATIVE))


@dataclass(frozen=True, eq=False)
class Invented:
    """A pose and expression that a still might have.

    Attributes:
        kp: keypoints, (21, 3).
        R: head pose, (3, 3).
        kp_before: keypoints before they were bent to those, but after the mouth was closed.
        closing: of the mouth, or None.
    """

    kp: Floats
    R: Floats
    kp_before: Floats
    closing: MouthClosing | None

    def picture(self, rgb: Rgb) -> Rgb:
        """The still (N, N, 3) uint8 as it would look."""
        return bend(rgb if self.closing is None else self.closing.picture(rgb), self.kp_before, self.kp)


def can_close(track: Track) -> bool:
    """Whether a still shows a mouth that is open enough to be closed."""
    return bool(track.openness[0, 2] > _OPEN)


def invent(
    track: Track, mesh: Floats, other: Track, rng: Generator, options: InventedOptions, *, closing: bool
) -> Invented:
    """Invent a pose; the expression is that of a clip's frame relative to another one's, or a closed mouth.

    Args:
        track: of the still.
        mesh: its landmarks, (478, 3).
        other: of the clip.
        rng: source of chance.
        options: how far to go.
        closing: whether the mouth is closed.
    """
    angles = rng.uniform(-1, 1, 3) * [options.pitch, options.yaw, options.roll]
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix().T
    kp, close = track.kp[0].astype(np.float64), MouthClosing.of_mesh(mesh) if closing else None
    if close is not None:
        closed = np.concatenate([close.after(mesh[:, :2].astype(np.float64)), mesh[:, 2:]], 1)
        kp = kp + keypoints(closed) - keypoints(mesh.astype(np.float64))
    before = kp.astype(np.float32)
    if close is None:
        kp = kp + _expression(track, other, rng, options)
    centre, shift = kp.mean(0), np.array([*rng.uniform(-options.shift, options.shift, 2), 0.0])
    kp = (kp - centre) @ turn + centre + shift
    return Invented(kp.astype(np.float32), (track.R[0] @ turn).astype(np.float32), before, close)


def bend(picture: Rgb, kp_from: Floats, kp_to: Floats) -> Rgb:
    """Warp a picture (N, N, 3) uint8 by a thin-plate spline that takes keypoints (21, 3) to others."""
    angles = np.linspace(0, 2 * np.pi, _ANCHORS, endpoint=False)
    anchors = _REACH * np.stack([np.cos(angles), np.sin(angles)], 1)
    to = np.concatenate([kp_to[:, :2], anchors])
    offsets = np.concatenate([(kp_from - kp_to)[:, :2], np.zeros_like(anchors)])
    spline = RBFInterpolator(to, offsets, smoothing=_SMOOTHING)
    size = picture.shape[0]
    flow = spline(cell_grid(_CELLS).reshape(-1, 2)).reshape(_CELLS, _CELLS, 2).astype(np.float32) * (size / 2)
    flow = cv2.resize(flow, (size, size), interpolation=cv2.INTER_CUBIC)
    pixels = np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).astype(np.float32)
    return cv2.remap(picture, flow + pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore


def _expression(track: Track, other: Track, rng: Generator, options: InventedOptions) -> Array:
    """Difference of two frames of a clip, as this still's face would show it, (21, 3); the mouth does not open."""
    first, second = rng.integers(len(other), size=2)
    scale = _size(track, 0) / _size(other, int(second))
    still = [_frontal(other, int(i)) for i in (first, second)]
    change = (still[1] - still[0]) * scale * rng.uniform(0, options.expression)
    if (change[_LOWER_LIP] - change[_UPPER_LIP])[1] > 0:
        change[list(LIP)] = 0
    return change @ track.R[0]


def _frontal(track: Track, frame: int) -> Array:
    kp = track.kp[frame] - track.kp[frame].mean(0)
    return np.asarray(kp @ track.R[frame].T, np.float64)


def _size(track: Track, frame: int) -> float:
    return float(np.linalg.norm(track.kp[frame] - track.kp[frame].mean(0)))
