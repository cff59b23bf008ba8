"""Pictures side by side, with words above and beside them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]

_HEAD, _SIDE = 22, 150  # pixels for the words
_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.42
_ERROR_GAIN = 4


def sheet_of(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Rgb]]]) -> Rgb:
    """One picture of many.

    Args:
        columns: words above them.
        rows: words beside each row, several lines if need be, and its pictures, all of one size (H, W, 3).
    """
    height, width = rows[0][1][0].shape[:2]
    sheet = np.full((_HEAD + height * len(rows), _SIDE + width * len(columns), 3), 255, np.uint8)
    for column, words in enumerate(columns):
        _write(sheet, words, _SIDE + column * width + 4, _HEAD - 7)
    for number, (words, pictures) in enumerate(rows):
        top = _HEAD + number * height
        for line, text in enumerate(words.splitlines()):
            _write(sheet, text, 4, top + 20 + 16 * line)
        for column, picture in enumerate(pictures):
            left = _SIDE + column * width
            sheet[top : top + height, left : left + width] = picture
    return sheet


def difference(a: Rgb, b: Rgb) -> Rgb:
    """Absolute difference of two pictures, four times as bright."""
    return cv2.convertScaleAbs(cv2.absdiff(a, b), alpha=_ERROR_GAIN).astype(np.uint8, copy=False)


def enlarged(picture: Rgb, centre: NDArray[np.float64], half: float, size: int) -> Rgb:
    """A square part of a picture at another size; beyond the border its last pixels are repeated.

    Args:
        picture: (N, N, 3).
        centre: (2,) of the part, in crop coordinates.
        half: of its side, in the same unit.
        size: of the result in pixels.
    """
    side = len(picture)
    scale = half * side / size
    origin = (np.asarray(centre) + 1 - half) * side / 2 + scale / 2 - 0.5
    matrix = np.array([[scale, 0, origin[0]], [0, scale, origin[1]]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(picture, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return part.astype(np.uint8, copy=False)


def _write(sheet: Rgb, words: str, x: int, y: int) -> None:
    text = words.encode("ascii", "replace").decode()  # the font has nothing else
    cv2.putText(sheet, text, (x, y), _FONT, _SIZE, (0, 0, 0), 1, cv2.LINE_AA)
