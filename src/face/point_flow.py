"""Points that go along with what they lie on, from one frame to the next."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .face import Points
from .landmarks import Floats

Gray = NDArray[np.uint8]  # (H, W)

_SPREAD = 0.1  # of the eyes' distance: half the side of the patch around a point whose motion is that of the point
_WINDOW, _LEAST_WINDOW = 0.25, 9  # of the eyes' distance, and in pixels
_BACK_AGAIN = 0.05  # of the eyes' distance: what does not come back so near was lost
_LEAST = 5  # places of a patch that must be found again
_LEVELS = 3
_ENOUGH = 64.0  # pixels between the eyes
_GRID = np.stack(np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5)), axis=-1).reshape(-1, 2)


def flow(before: Gray, now: Gray, points: Points) -> Floats:
    """An animal's points one frame later, by the optical flow around each.

    Args:
        before: the frame that the points belong to, (H, W) uint8.
        now: the next frame, of the same size.
        points: picture-left eye, picture-right eye, nose, mouth, (4, 2) pixels of `before`.

    Returns:
        (4, 2) float32 pixels of `now`; a point that got lost moves as the others do on average.
    """
    unit = float(np.linalg.norm(points[1] - points[0]))
    if unit > 2 * _ENOUGH:  # a large face is followed in smaller frames: the work grows with its square
        shrink = _ENOUGH / unit
        return flow(_shrunk(before, shrink), _shrunk(now, shrink), points * shrink) / np.float32(shrink)
    places = (points[:, None] + _SPREAD * unit * _GRID).reshape(-1, 1, 2).astype(np.float32)
    side = max(int(_WINDOW * unit), _LEAST_WINDOW) | 1
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, places, places.copy(), winSize=(side, side), maxLevel=_LEVELS
    )
    back, _, _ = cv2.calcOpticalFlowPyrLK(now, before, there, there.copy(), winSize=(side, side), maxLevel=_LEVELS)
    kept = (found[:, 0] > 0) & (np.abs(back - places).max(axis=(1, 2)) < _BACK_AGAIN * unit)
    steps = (there - places).reshape(len(points), -1, 2)
    shifts = [
        np.median(step[keep], axis=0) if keep.sum() >= _LEAST else None
        for step, keep in zip(steps, kept.reshape(len(points), -1), strict=True)
    ]
    known = [shift for shift in shifts if shift is not None]
    usual = np.mean(known, axis=0) if known else np.zeros(2)
    return (points + np.stack([usual if shift is None else shift for shift in shifts])).astype(np.float32)


def _shrunk(gray: Gray, factor: float) -> Gray:
    return cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
