"""Find the hard cuts of a clip, frame by frame.

Every frame is compared with the one before on a grey thumbnail whose quarters may each have moved a little. What else
differs within a shot is taken out first: the tone curve of one thumbnail is bent into that of the other, which undoes
flashes, fades and exposure, and a cut must stand out from how much the shot moved just before. Black bars, which all
shots share, are left out. Frames with next to no contrast (black between scenes, a white flash) show nothing to compare
and are passed over.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .face import Rgb
from .landmarks import Floats
from .sampling import check_rgb

_SIDE = 32  # of the thumbnail that is compared ...
_WHOLE = 64  # ... and of the whole frame's, which may have bars
_BAR = 8  # most difference of brightness along a line of a bar
_LEAST = 16  # lines with contrast between bars; a frame with fewer is taken whole
_SAMPLES = 128  # rows and columns of a frame that the thumbnail is made of, at least
_BLUR = 0.7  # pixels of the thumbnail, so that moving by half of one makes little difference
_BLOCK = 16
_REACH = 4  # a block is looked for so many pixels around its place: an eighth of the picture
_TONES = 33  # points of the tone curve
_FLAT = 2.0  # least standard deviation, in grey levels, of a thumbnail that shows anything
_FLAT_BLOCK = 0.05  # of the thumbnail's standard deviation
_DIFFERENT = 0.13  # measured: at most 0.05 within real shots (0.10 with every second frame), at least 0.15 between two
_STANDS_OUT = 2.0  # a cut differs by so many times what the frames before it did
_FORGETS = 0.8  # a frame, for how much the shot moved


class CutFinder:
    """Tells of every frame of a clip whether a new shot begins with it."""

    def __init__(self) -> None:
        self._last: Floats | None = None
        self._movement = 0.0  # how much the frames of this shot differed lately

    def feed(self, rgb: Rgb) -> bool:
        """Whether the next frame, (H, W, 3) uint8, is the first of a new shot; never so for the clip's first.

        Raises:
            InputError: not a picture.
        """
        check_rgb(rgb)
        thumbnail = _thumbnail(rgb)
        if thumbnail.std() < _FLAT:
            return False
        last, self._last = self._last, thumbnail
        if last is None:
            return False
        difference = _difference(last, thumbnail)
        cut = difference > max(_DIFFERENT, _STANDS_OUT * self._movement)
        self._movement = 0.0 if cut else max(_FORGETS * self._movement, difference)
        return cut


def _difference(first: Floats, second: Floats) -> float:
    """How different two grey thumbnails are: 0 the same, about 0.5 nothing in common.

    One minus the correlation of every block of the one with the best place for it in the other.
    """
    first, second = _same_tones(*_without_bars(first, second))
    return max(_unlike(first, second), _unlike(second, first))


def _thumbnail(rgb: Rgb) -> Floats:
    step = max(min(rgb.shape[:2]) // _SAMPLES, 1)  # averaging all pixels of a large frame takes ten times as long
    some = np.ascontiguousarray(rgb[::step, ::step])
    small = cv2.resize(some, (_WHOLE, _WHOLE), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _without_bars(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """What lies within the lines of one brightness at the borders of both, (32, 32)."""
    within = _lively(first.T, second.T), _lively(first, second)
    return _shrunk(first[within]), _shrunk(second[within])


def _shrunk(picture: Floats) -> Floats:
    return cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def _lively(first: Floats, second: Floats) -> slice:
    """From the first to the last column in which one of them has some contrast."""
    lively = np.flatnonzero(np.maximum(np.ptp(first, axis=0), np.ptp(second, axis=0)) > _BAR)
    if len(lively) < _LEAST:
        return slice(None)
    start, stop = int(lively[0]), int(lively[-1]) + 1
    # The line where a bar ends is half bar.
    return slice(start + (start > 0), stop - (stop < _WHOLE))


def _same_tones(first: NDArray[np.floating], second: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Both blurred, with mean 0 and deviation 1, after the one of more contrast was given the tones of the other."""
    if first.std() > second.std():
        first = _retoned(first, second)
    else:
        second = _retoned(second, first)
    return _even(first), _even(second)


def _retoned(picture: NDArray[np.floating], like: NDArray[np.floating]) -> NDArray[np.floating]:
    ranks = np.linspace(0, picture.size - 1, _TONES).astype(np.intp)
    rising = np.arange(_TONES) * 1e-3  # the curve must not be upright where tones repeat
    return np.interp(picture, np.sort(picture, axis=None)[ranks] + rising, np.sort(like, axis=None)[ranks])


def _even(picture: NDArray[np.floating]) -> Floats:
    even = ((picture - picture.mean()) / max(float(picture.std()), 1.0)).astype(np.float32)
    return cv2.GaussianBlur(even, (0, 0), _BLUR).astype(np.float32, copy=False)


def _unlike(picture: Floats, blocks_of: Floats) -> float:
    """One minus the mean correlation of the blocks of one picture with their best places in the other."""
    wide = cv2.copyMakeBorder(picture, _REACH, _REACH, _REACH, _REACH, cv2.BORDER_REPLICATE)
    total = weights = 0.0
    for y in range(0, _SIDE, _BLOCK):
        for x in range(0, _SIDE, _BLOCK):
            block = blocks_of[y : y + _BLOCK, x : x + _BLOCK]
            weight = float(block.std())
            if weight > _FLAT_BLOCK:
                around = wide[y : y + _BLOCK + 2 * _REACH, x : x + _BLOCK + 2 * _REACH]
                found = cv2.matchTemplate(around, block, cv2.TM_CCOEFF_NORMED)
                total += weight * float(found[np.isfinite(found)].max(initial=-1.0))
                weights += weight
    return 1 - total / weights if weights else 0.0
