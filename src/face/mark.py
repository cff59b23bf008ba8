"""Draw the faces that were found into a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .face import Face, Rgb

_COLOR, _TEXT_COLOR = (255, 220, 0), (0, 0, 0)


def mark_faces(rgb: Rgb, faces: Sequence[Face]) -> Rgb:
    """A copy of a picture (H, W, 3) uint8 with a box around every face, and its place in the list beside it."""
    marked = np.ascontiguousarray(rgb).copy()
    width = max(round(max(rgb.shape[:2]) / 400), 1)
    for number, face in enumerate(faces):
        left, top, right, bottom = (round(float(v)) for v in face.box)
        cv2.rectangle(marked, (left, top), (right, bottom), _COLOR, width)
        _label(marked, str(number), left, top, width)
    return marked


def _label(rgb: Rgb, text: str, left: int, top: int, width: int) -> None:
    """Write on a patch that stands on the box's upper left corner, or below it at the top of the picture."""
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.5 * width + 0.3
    (wide, high), _ = cv2.getTextSize(text, font, size, width)
    margin = 2 * width
    bottom = top if top >= high + 2 * margin else top + high + 2 * margin
    left = max(left, 0)
    cv2.rectangle(rgb, (left, bottom - high - 2 * margin), (left + wide + 2 * margin, bottom), _COLOR, cv2.FILLED)
    cv2.putText(rgb, text, (left + margin, bottom - margin), font, size, _TEXT_COLOR, width, cv2.LINE_AA)
