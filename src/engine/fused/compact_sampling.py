"""Pictures sampled between their pixels, on the processor and with OpenCV, which takes a tenth of the time of torch."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

Array = NDArray[np.float32]


def warp(picture: Array, flow: Array) -> Array:
    """Sample a picture where a flow points; beyond the border its last pixels are repeated.

    Args:
        picture: (N, N, C).
        flow: (S, S, 2) in crop coordinates.

    Returns:
        (N, N, C).
    """
    size = len(picture)
    place: Array = np.empty((size, size, 2), np.float32)
    cv2.resize(flow * np.float32(size / 2), (size, size), dst=place, interpolation=cv2.INTER_LINEAR)
    place += _pixels(size)
    return sampled(picture, place)


def sampled(picture: Array, place: Array) -> Array:
    """Samples of a picture between its pixels; beyond the border its last ones are repeated.

    Args:
        picture: (H, W, C).
        place: in pixels, 0 being the middle of the first, (h, w, 2) float32 as x, y.

    Returns:
        (h, w, C).
    """
    if not _samples_exactly():
        return _sampled_by_torch(picture, place)
    return cv2.remap(picture, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]


@cache
def centres(size: int) -> Array:
    """Centres of the pixels of one axis in crop coordinates, (size,)."""
    return ((2 * np.arange(size) + 1) / size - 1).astype(np.float32)


@cache
def _pixels(size: int) -> Array:
    """Each pixel's own place, (size, size, 2) as x, y."""
    return np.stack(np.meshgrid(np.arange(size), np.arange(size)), -1).astype(np.float32)


@cache
def _samples_exactly() -> bool:
    """Whether OpenCV samples between pixels with exact weights: before version 5 it rounds them to 1/32."""
    ramp = np.tile(np.arange(8, dtype=np.float32), (8, 1))
    place = np.full((1, 1, 2), 3 + 1 / 128, np.float32)
    return abs(float(cv2.remap(ramp, place, None, cv2.INTER_LINEAR)[0, 0]) - place[0, 0, 0]) < 1e-4  # type: ignore[call-overload]


def _sampled_by_torch(picture: Array, place: Array) -> Array:
    height, width = picture.shape[:2]
    position = torch.from_numpy((place + 0.5) * np.array([2 / width, 2 / height], picture.dtype) - 1)[None]
    planes = torch.from_numpy(picture).permute(2, 0, 1)[None]
    found = F.grid_sample(planes, position, padding_mode="border", align_corners=False)
    return found[0].permute(1, 2, 0).contiguous().numpy()
