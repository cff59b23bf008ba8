"""Boxes: left, top, right, bottom in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .face import Points
from .landmarks import Floats


def box_of(points: Points) -> Floats:
    """The smallest box (4,) around points (N, 2) or (N, 3)."""
    xy = points[:, :2]
    return np.concatenate([xy.min(0), xy.max(0)]).astype(np.float32)


def box_areas(boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Areas of boxes (N, 4); 0 for a box turned inside out."""
    return np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(1)


def box_overlap(box: NDArray[np.floating], boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Intersection over union of a box (4,) with boxes (N, 4); 0 where there is no area."""
    shared = _common(box, boxes)
    total = box_areas(box[None]) + box_areas(boxes) - shared
    return np.where(total > 0, shared / np.maximum(total, 1e-9), 0.0)


def box_shared(box: NDArray[np.floating], boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Which part of the smaller box lies in the other, of a box (4,) with boxes (N, 4); 0 where there is no area."""
    smaller = np.minimum(box_areas(box[None]), box_areas(boxes))
    return np.where(smaller > 0, _common(box, boxes) / np.maximum(smaller, 1e-9), 0.0)


def _common(box: NDArray[np.floating], boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """The area of the intersections."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    return np.maximum(high - low, 0).prod(1)
