"""Draw the faces that were found into a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .face import Face, Rgb

_COLOR, _CHOSEN_COLOR, _TEXT_COLOR = (255, 220, 0), (80, 255, 120), (0, 0, 0)


def mark_faces(rgb: Rgb, faces: Sequence[Face], chosen: int | None = None) -> Rgb:
    """A copy of a picture (H, W, 3) uint8 with a box around every face, and its place in the list beside it.

    Args:
        rgb: the picture.
        faces: what was found in it.
        chosen: number of the face whose box is green and twice as thick; None = all are alike.
    """
    marked = np.ascontiguousarray(rgb).copy()
    width = max(round(max(rgb.shape[:2]) / 400), 1)
    for number, face in enumerate(faces):
        left, top, right, bottom = (round(float(v)) for v in face.box)
        color = _CHOSEN_COLOR if number == chosen else _COLOR
        cv2.rectangle(marked, (left, top), (right, bottom), color, 2 * width if number == chosen else width)
        _label(marked, str(number), left, top, width, color)
    return marked


def _label(rgb: Rgb, text: str, left: int, top: int, width: int, color: tuple[int, int, int]) -> None:
    """Write on a patch that stands on the box's upper left corner, or below it at the top of the picture."""
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5 * width + 0.3
    (wide, high), _ = cv2.getTextSize(text, font, size, width)
    margin = 2 * width
    bottom = top if top >= high + 2 * margin else top + high + 2 * margin
    left = max(left, 0)
    cv2.rectangle(rgb, (left, bottom - high - 2 * margin), (left + wide + 2 * margin, bottom), color, cv2.FILLED)
    cv2.putText(rgb, text, (left + margin, bottom - margin), font, size, _TEXT_COLOR, width, cv2.LINE_AA)
