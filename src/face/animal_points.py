"""Both eyes, nose and mouth of an animal: the four points on which everything else is built."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .boxes import box_of
from .face import Face, Points, Rgb, Scheme
from .landmarks import Floats, planar

_OF_ANIMAL9 = ((0, 1), (2, 3), (4,), (5, 6, 7, 8))
_OF_LMK68 = (range(36, 42), range(42, 48), (30,), range(48, 68))
_PARTS = {Scheme.ANIMAL9: _OF_ANIMAL9, Scheme.LMK68: _OF_LMK68, Scheme.POINTS4: ((0,), (1,), (2,), (3,))}
_ADVICE = "name the picture-left eye, the picture-right eye, the nose and the mouth as x,y x,y x,y x,y in pixels"

_EYE_WIDTH = 0.36  # corner to corner, in distances of the eyes
_MOUTH_WIDTH, _MOUTH_HEIGHT = 0.4, 0.16  # likewise


def four_points(points: Points, scheme: Scheme) -> Floats:
    """Picture-left eye, picture-right eye, nose and mouth, (4, 2) float32, out of a set of landmarks.

    Args:
        points: (N, 2) pixels.
        scheme: ANIMAL9, LMK68 or POINTS4.
    """
    xy = planar(points)
    return np.stack([xy[list(part)].mean(0) for part in _PARTS[scheme]])


def nine_points(points: Points) -> Floats:
    """The nine points of X-Pose, guessed from the four: right eye, left eye, nose, corners, upper and lower lip.

    Args:
        points: picture-left eye, picture-right eye, nose, mouth, (4, 2) pixels.

    Returns:
        (9, 2) float32 in the order of `Scheme.ANIMAL9` ("right" is the animal's own).
    """
    left, right, nose, mouth = planar(points)
    across = right - left
    down = np.array([-across[1], across[0]], np.float32)
    eye, corner, lip = across * _EYE_WIDTH / 2, across * _MOUTH_WIDTH / 2, down * _MOUTH_HEIGHT / 2
    eyes = [left - eye, left + eye, right - eye, right + eye]
    return np.stack([*eyes, nose, mouth - corner, mouth + corner, mouth - lip, mouth + lip])


def parse_points(given: Any) -> Floats:
    """What a user says of an animal's eyes, nose and mouth.

    Args:
        given: "x,y x,y x,y x,y", four such strings, or an array (4, 2); pixels of the source.

    Returns:
        (4, 2) float32.

    Raises:
        InputError: it is not four points, or they are no face: eyes side by side, the nose and the mouth below them.
    """
    points = _numbers(given)
    if points is None:
        raise InputError(f"--source_points {_shown(given)} is not four points: {_ADVICE}")
    if not is_upright(points):
        raise InputError(
            f"--source_points {_shown(given)} are not eyes with a nose and a mouth below them: {_ADVICE}, "
            "and turn the picture upright first if need be"
        )
    return points


def is_upright(points: ArrayLike) -> bool:
    """Whether four points can be eyes with a nose and a mouth below and between them, tilted by less than 60 degrees.

    Args:
        points: picture-left eye, picture-right eye, nose, mouth, (4, 2).
    """
    left, right, nose, mouth = np.asarray(points, np.float64)
    across = right - left
    width = np.hypot(*across)
    if not width > 0 or across[0] < 0.5 * width:
        return False
    along, down = across / width, np.array([-across[1], across[0]]) / width
    middle = (left + right) / 2
    nose_x, nose_y, mouth_x, mouth_y = (
        float((point - middle) @ axis / width) for point in (nose, mouth) for axis in (along, down)
    )
    return 0.1 < nose_y < mouth_y < 2.5 and abs(nose_x) < 0.8 and abs(mouth_x) < 1.0


class GivenPoints:
    """The detector that is told where the animal's face is.

    Args:
        points: picture-left eye, picture-right eye, nose, mouth, (4, 2) pixels of the picture as it was given.
        zoom: pixels of the picture that is looked at per pixel of that one.
    """

    name = "given points"

    def __init__(self, points: Points, zoom: float = 1.0) -> None:
        self._given, self._zoom = planar(points), zoom
        self._points = self._given * np.float32(zoom)

    def detect(self, rgb: Rgb) -> list[Face]:
        """The one face.

        Raises:
            InputError: a point lies outside of the picture.
        """
        height, width = rgb.shape[:2]
        inside = (self._points >= 0).all() and (self._points <= [width, height]).all()
        if not inside:
            at = " ".join(f"{x:.0f},{y:.0f}" for x, y in self._given)
            size = f"{width / self._zoom:.0f} x {height / self._zoom:.0f}"
            raise InputError(f"--source_points {at} leave the picture of {size} pixels: {_ADVICE}")
        return [Face(box_of(self._points), 1.0, self._points, Scheme.POINTS4)]

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The same place."""
        return self.detect(rgb)[0]


def _numbers(given: Any) -> Floats | None:
    """The array (4, 2), or None for anything else."""
    if isinstance(given, str):
        given = given.split()
    try:
        if all(isinstance(point, str) for point in given):
            given = [[float(number) for number in re.split("[,;]", point)] for point in given]
        points: NDArray[np.float32] = np.asarray(given, np.float32)
    except (TypeError, ValueError):
        return None
    return points if points.shape == (4, 2) and np.isfinite(points).all() else None


def _shown(given: Any) -> str:
    """What was given, in one line."""
    text = " ".join(map(str, given)) if isinstance(given, list | tuple) else str(given)
    return " ".join(text.split())
