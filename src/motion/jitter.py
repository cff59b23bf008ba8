"""How much a face trembles in a clip: the measure by which steadying is judged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError


def jitter(landmarks: NDArray[np.floating]) -> float:
    """Mean length of the landmarks' second difference over time, in per cent of the face's size.

    Even movement counts nothing, trembling much. The size is the larger side of the box around all landmarks of a
    frame, averaged over the clip, so that clips of any resolution compare, but only with the same set of landmarks and
    the same frame rate.

    Args:
        landmarks: N points of T frames in any unit, (T, N, 2).

    Returns:
        Per cent, 0 for a still face.

    Raises:
        InputError: another shape, or fewer than three frames.
    """
    points = np.asarray(landmarks, np.float64)
    if points.ndim != 3 or points.shape[1] < 2 or points.shape[2] != 2:
        raise InputError(f"jitter is measured on landmarks (frames, points, 2), got {points.shape}")
    if len(points) < 3:
        raise InputError(f"jitter needs at least three frames, got {len(points)}")
    size = np.ptp(points, axis=1).max(axis=-1).mean()
    lengths = np.linalg.norm(np.diff(points, n=2, axis=0), axis=-1)  # (T - 2, N)
    return float(100 * lengths.mean() / size)
