"""Sample squares of a picture at the size a face network wants."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .face import Rgb
from .landmarks import Floats

_NUDGE = 0.5  # from pixel edges at whole numbers to OpenCV's pixel centres


@dataclass(frozen=True, eq=False)
class Region:
    """A square of a picture, in pixels with the picture's edges at 0 and at its size.

    Attributes:
        center: (2,) x and y.
        side: length of a side.
        angle: radians by which the square is turned; positive is clockwise on the screen.
    """

    center: NDArray[np.floating]
    side: float
    angle: float = 0.0

    def to_picture(self, fractions: NDArray[np.floating]) -> Floats:
        """Points (N, 2) given as fractions of the square, in pixels of the picture."""
        return ((fractions - 0.5) @ self._axes() * self.side + self.center).astype(np.float32)

    def sample(self, rgb: Rgb, size: int, *, border: int) -> Rgb:
        """The square at `size` pixels, bilinear; (size, size, 3) uint8.

        Args:
            rgb: (H, W, 3) uint8.
            size: side of the result.
            border: what lies outside the picture, one of OpenCV's border types.
        """
        step = self._axes() * (self.side / size)  # pixels of the picture for one pixel right, and one down
        origin = self.center - (step[0] + step[1]) * (size / 2 - _NUDGE) - _NUDGE
        matrix = np.stack([step[0], step[1], origin], axis=1)  # (2, 3), result to picture
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(rgb, matrix, (size, size), flags=flags, borderMode=border).astype(np.uint8, copy=False)

    def _axes(self) -> NDArray[np.float64]:
        c, s = cos(self.angle), sin(self.angle)
        return np.array([[c, s], [-s, c]])


def check_rgb(rgb: Rgb) -> None:
    """Refuse what is not a picture.

    Raises:
        InputError: not (H, W, 3) uint8, or empty.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or not rgb.size:
        raise InputError(f"a picture must be an array (H, W, 3) of uint8, got {rgb.shape} of {rgb.dtype}")
