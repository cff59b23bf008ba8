"""Whose pixel is it, where the pasted squares of several faces overlap."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .crop import Square
from .landmarks import Floats

_SOFT = 0.06  # width of the border between two faces, in sides of their squares
_COARSE = 4  # pixels of the frame over one of the computed map


def territory(square: Square, rivals: Sequence[Square], frame_size: tuple[int, int]) -> Floats | None:
    """What part of each pixel of a frame belongs to one face.

    Every crop also shows its neighbours, as the source has them; without a border the crop that is pasted last would
    freeze the face beside it. A pixel belongs to the face whose square's centre is nearest, in sides of that square.

    Args:
        square: of the face.
        rivals: squares of the other faces that are pasted into the same frame.
        frame_size: height and width of the frame.

    Returns:
        (H, W) float32, 0..1; None = all of it, since no rival's square comes near.
    """
    near = [rival for rival in rivals if _overlap(square, rival)]
    if not near:
        return None
    height, width = frame_size
    own, share = _distance(square, frame_size), np.ones(1, np.float32)
    for rival in near:
        share = np.minimum(share, np.clip((_distance(rival, frame_size) - own) / _SOFT + 0.5, 0, 1))
    return cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)


def _overlap(first: Square, second: Square) -> bool:
    """Whether two squares may share a pixel, however they are turned."""
    reach = (first.size + second.size) / np.sqrt(2)
    return bool(np.linalg.norm(first.center - second.center) < reach)


def _distance(square: Square, frame_size: tuple[int, int]) -> Floats:
    """Distance of every pixel to a square's centre in its sides, on a coarse grid over the frame."""
    height, width = frame_size
    rows, columns = -(-height // _COARSE), -(-width // _COARSE)
    y = (np.arange(rows, dtype=np.float32) + 0.5) * (height / rows) - 0.5
    x = (np.arange(columns, dtype=np.float32) + 0.5) * (width / columns) - 0.5
    return np.hypot(x[None, :] - square.center[0], y[:, None] - square.center[1]) / np.float32(square.size)
