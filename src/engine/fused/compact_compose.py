"""The compact model's steps at the picture's full size, on the processor and with OpenCV.

Pictures are rows of pixels here, (N, N, 4) float32 in 0..255: OpenCV enlarges and samples those in a tenth of the time
that torch needs. The fourth channel is not used; it makes a pixel a full vector, which halves the time of the sampling.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .compact_aperture import Aperture
from .compact_sampling import centres

Array = NDArray[np.float32]
Cells = tuple[slice, slice]  # rows and columns of a small map

_LEAST = 0.005  # of 255: a residual that is not seen
_REACH = 2  # cells to either side on which a bicubic value depends


def compose(picture: Array, residual: Array, paint: Array, aperture: Aperture) -> None:
    """Paint over what a warped picture cannot show, and add the residual, in place; both only where they are seen.

    Args:
        picture: the warped picture, (N, N, 4) in 0..255; afterwards, too.
        residual: (n, n, 4), in the same unit; it is enlarged.
        paint: (n, n, 4), the same.
        aperture: where to paint.
    """
    scale = len(picture) // len(residual)
    painted, moved = aperture.window(len(paint)), _seen(residual)
    if painted:
        rows, columns = _pixels_of(painted, scale)
        share = aperture.share(centres(len(picture))[columns], centres(len(picture))[rows])
        window = picture[rows, columns]
        over = _enlarged(paint, painted, scale) - window
        over *= cv2.cvtColor(share, cv2.COLOR_GRAY2RGBA)
        window += over
    if moved:
        picture[_pixels_of(moved, scale)] += _enlarged(residual, moved, scale)
    for cells in (painted, moved):
        if cells:
            window = picture[_pixels_of(cells, scale)]
            np.clip(window, 0, 255, out=window)


def truncated(picture: Array) -> NDArray[np.uint8]:
    """A picture (N, N, 4) in 0..255 as bytes (N, N, 3), truncated as in `networks.to_bytes`.

    OpenCV rounds, so almost a half is taken off before; whole numbers that missed themselves by a hair are kept.
    """
    result: NDArray[np.uint8] = np.empty((*picture.shape[:2], 3), np.uint8)
    cv2.cvtColor(cv2.convertScaleAbs(picture, alpha=1, beta=-0.4999), cv2.COLOR_RGBA2RGB, dst=result)
    return result


def _seen(residual: Array) -> Cells | None:
    """The cells that a residual reaches when it is enlarged; outside the face it is nearly zero."""
    size = len(residual)
    strength = np.abs(residual).reshape(size, -1)
    rows, columns = strength.max(1), strength.max(0).reshape(size, -1).max(1)
    sides = [np.flatnonzero(side > _LEAST) for side in (rows, columns)]
    if not len(sides[0]):
        return None
    low, high = ([int(side[at]) for side in sides] for at in (0, -1))
    first, second = (slice(max(i - _REACH, 0), min(j + 1 + _REACH, size)) for i, j in zip(low, high, strict=True))
    return first, second


def _pixels_of(cells: Cells, scale: int) -> Cells:
    rows, columns = (slice(side.start * scale, side.stop * scale) for side in cells)
    return rows, columns


def _enlarged(small: Array, cells: Cells, scale: int) -> Array:
    """Part of a bicubic enlargement: the pixels of some of the cells."""
    around = [slice(max(side.start - _REACH, 0), side.stop + _REACH) for side in cells]
    part = np.ascontiguousarray(small[around[0], around[1]])
    size = (part.shape[1] * scale, part.shape[0] * scale)
    large: Array = np.empty((size[1], size[0], part.shape[2]), np.float32)
    cv2.resize(part, size, dst=large, interpolation=cv2.INTER_CUBIC)
    inner = [slice(side.start - wide.start, side.stop - wide.start) for side, wide in zip(cells, around, strict=True)]
    return large[_pixels_of((inner[0], inner[1]), scale)]
