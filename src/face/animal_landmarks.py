"""Eyes, nose and mouth of an animal's face whose square is known.

The usual places come first: means over eight labelled faces of cats and dogs. Eyes and nose then move to the dark spot
near them (the nose along the face, since muzzles differ in length); the mouth lies below the nose.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .face import Points, Rgb
from .sampling import Region

PLACES = np.array([(0.282, 0.411), (0.716, 0.411), (0.508, 0.674), (0.508, 0.814)])  # fractions of the square
_NOSE, _MOUTH = 2, 3
_SIZE = 144  # pixels of the patch
_WIDER = 1.5  # the patch's side over the square's
_SPOT = 0.04 * _SIZE / _WIDER  # pixels, spread of a dark spot
_EYE_SPREAD, _NOSE_SPREAD = (0.08, 0.08), (0.08, 0.16)  # of the square: how far from the usual place a point may lie
_GREEN = 1  # dark for black and for pink noses

Floats64 = NDArray[np.float64]


def animal_landmarks(rgb: Rgb, square: Region) -> Points:
    """The four points of an animal's face.

    Args:
        rgb: (H, W, 3) uint8.
        square: where the face is, as the cascades frame it, turned like the face.

    Returns:
        (4, 2) float32 pixels: picture-left eye, picture-right eye, nose, mouth.
    """
    patch = Region(square.center, square.side * _WIDER, square.angle)
    green = patch.sample(rgb, _SIZE, border=cv2.BORDER_REFLECT)[..., _GREEN].astype(np.float32)
    darkness = cv2.GaussianBlur(green, (0, 0), 2 * _SPOT) - cv2.GaussianBlur(green, (0, 0), _SPOT)
    points = PLACES.copy()
    for eye in (0, 1):
        points[eye] = _dark_spot(darkness, PLACES[eye], _EYE_SPREAD)
    points[_NOSE:] += points[:_NOSE].mean(0) - PLACES[:_NOSE].mean(0)
    nose = _dark_spot(darkness, points[_NOSE], _NOSE_SPREAD)
    points[_NOSE:] += nose - points[_NOSE]
    return square.to_picture(points)


def _dark_spot(darkness: NDArray, place: Floats64, spread: tuple[float, float]) -> Floats64:
    """The darkest place near a usual one, both as fractions of the square."""
    axis = ((np.arange(_SIZE) + 0.5) / _SIZE - 0.5) * _WIDER + 0.5
    x, y = (np.exp(-0.5 * ((axis - center) / sigma) ** 2) for center, sigma in zip(place, spread, strict=True))
    row, column = np.unravel_index((darkness * y[:, None] * x).argmax(), darkness.shape)
    return np.array([axis[column], axis[row]])
