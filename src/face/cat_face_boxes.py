"""Where a picture shows an animal's face: squares on which two cascades of cat faces agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from .face import Rgb
from .haar_cascade import WINDOW, HaarCascade, Integrals, Windows
from .sampling import Region

_WORK = 480  # pixels, longer side of the picture that is searched
_LEAST, _MOST = 56.0, 500.0  # pixels of it, sides of the squares looked for
_RATIO = 1.12  # of one side to the next
_ANGLES = tuple(np.radians(range(-30, 31, 10)))
_INSIDE = (
    0.35  # of the side: a square's centre is so far from the picture's border, whose mirror image is a face at times
)
_SEED = 11  # stages of the first cascade that make a square worth a closer look
_MOST_SEEDS = 10
_APART = 0.8  # of the mean side: finds whose centres are nearer are one face
_REACH = 1.2  # sides around a face within which it is followed
_USUAL_COUNT = 20  # windows around a face that pass a cascade
_SAME = 0.35  # of the side: squares whose centres are nearer are about the same face
_NEAR_ANGLES = tuple(np.radians([-10.0, -5.0, 0.0, 5.0, 10.0]))
_NEAR_SIDES = tuple(1.07**i for i in range(-3, 4))
_NEXT_ANGLES, _NEXT_SIDES = _NEAR_ANGLES[1:4], _NEAR_SIDES[1:6]  # from frame to frame
_PATCH = 38  # pixels, side of the picture in which a square is looked at again
_LARGEST = 1.1  # times the longer side

Gray = NDArray[np.uint8]
_Seed = tuple[float, Region]  # rank and place


@dataclass(frozen=True, eq=False)
class CatFace:
    """A square that looks like an animal's face.

    Attributes:
        region: the square in the picture, turned like the face.
        sums: the best last sum of each cascade; empty where one passed no window.
        counts: how many of the windows around it passed each cascade; one 0 where one passed none.
    """

    region: Region
    sums: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def agreed(self) -> bool:
        """Whether every cascade passed some window."""
        return min(self.counts) > 0

    @property
    def evidence(self) -> float:
        """Sum of the sums, more where many windows agree; of use where the cascades agree."""
        return sum(self.sums) + float(np.log(max(min(self.counts), 1) / _USUAL_COUNT))


class CatFaceBoxes:
    """Searches pictures with several cascades.

    Args:
        cascades: the first one searches; all judge.
    """

    def __init__(self, cascades: Sequence[HaarCascade]) -> None:
        self._cascades = tuple(cascades)

    def search(self, rgb: Rgb, hints: Sequence[Region] = ()) -> list[CatFace]:
        """All faces of a picture (H, W, 3) uint8 on which the cascades agree, best first.

        Args:
            rgb: the picture.
            hints: squares that are looked at in any case.
        """
        gray, scale = _work_picture(rgb)
        seeds: list[_Seed] = [(np.inf, _scaled(hint, scale)) for hint in hints]
        side = _LEAST
        while side <= min(_MOST, _LARGEST * max(gray.shape)):
            level, shrink = _shrunk(gray, side)
            for angle in _ANGLES:
                seeds += [(rank, _scaled(find, 1 / shrink)) for rank, find in self._seeds(level, angle)]
            side *= _RATIO
        rough = [self._judge(gray, seed) for seed in _distinct(seeds)]
        finds = [self._judge(gray, find.region) for find in rough if find.agreed]
        return _best([replace(find, region=_scaled(find.region, 1 / scale)) for find in finds if find.agreed])

    def again(self, rgb: Rgb, last: Region) -> CatFace:
        """What the cascades say about a place where a face was a moment ago."""
        reach = np.ceil(last.side * _REACH)
        low = np.maximum(np.floor(last.center - reach), 0).astype(int)
        high = np.minimum(np.ceil(last.center + reach), rgb.shape[1::-1]).astype(int)
        if (high <= low).any():
            return CatFace(last, (), (0,))
        part = np.ascontiguousarray(rgb[low[1] : high[1], low[0] : high[0]])
        gray = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
        near = Region(last.center - low, last.side, last.angle)
        find = self._judge(gray, near, _NEXT_ANGLES, _NEXT_SIDES)
        return replace(find, region=Region(find.region.center + low, find.region.side, find.region.angle))

    def _seeds(self, level: Gray, angle: float) -> list[_Seed]:
        """The windows of a picture turned by an angle that are worth a closer look."""
        height, width = level.shape
        span = int(np.ceil(np.hypot(height, width))) + WINDOW
        turned = Region(np.array([width, height]) / 2, span, angle)
        integrals = Integrals.of(turned.sample(level, span, border=cv2.BORDER_REFLECT))
        count = span - WINDOW + 1
        y, x = np.mgrid[:count, :count].reshape(2, -1) + WINDOW / 2
        centers = turned.to_picture(np.stack([x, y], 1) / span)
        margin = _INSIDE * WINDOW
        inside = ((centers >= margin) & (centers <= (width - margin, height - margin))).all(1).reshape(count, count)
        windows = self._cascades[0].scan(integrals, inside, step=2, enough=_SEED)
        places = centers[np.ravel_multi_index(tuple(windows.places.T), (count, count))]
        ranks = windows.passed + 1 / (1 + np.exp(-windows.sums.astype(np.float64)))
        return [(float(rank), Region(place, WINDOW, angle)) for rank, place in zip(ranks, places, strict=True)]

    def _judge(
        self,
        gray: Gray,
        seed: Region,
        angles: Sequence[float] = _NEAR_ANGLES,
        sides: Sequence[float] = _NEAR_SIDES,
    ) -> CatFace:
        """Look closely at a square, at sides and angles like its own."""
        looks = [Region(seed.center, seed.side * factor, seed.angle + turn) for turn, factor in product(angles, sides)]
        source, small = _shrunk(gray, seed.side)
        patches = [
            Region(look.center * small, look.side * small * _PATCH / WINDOW, look.angle).sample(
                source, _PATCH, border=cv2.BORDER_REFLECT
            )
            for look in looks
        ]
        integrals = Integrals.of(np.concatenate(patches))
        rows = np.arange(integrals.contrasts.shape[0]) % _PATCH
        wanted = np.broadcast_to((rows <= _PATCH - WINDOW)[:, None], integrals.contrasts.shape)
        squares, weights, sums, counts = [], [], [], []
        for cascade in self._cascades:
            windows = cascade.scan(integrals, wanted)
            if not len(windows.sums):
                return CatFace(seed, (), (0,))
            sums.append(float(windows.sums.max()))
            counts.append(len(windows.sums))
            squares += _squares(windows, looks)
            weights += list(np.exp(windows.sums))
        x, y, log_side, angle = np.average(squares, axis=0, weights=weights)
        return CatFace(Region(np.array([x, y]), float(np.exp(log_side)), float(angle)), tuple(sums), tuple(counts))


def _squares(windows: Windows, looks: Sequence[Region]) -> list[tuple[float, float, float, float]]:
    found = []
    for row, column in windows.places:
        look = looks[row // _PATCH]
        offset = (np.array([column, row % _PATCH]) + WINDOW / 2) / _PATCH
        patch = Region(look.center, look.side * _PATCH / WINDOW, look.angle)
        x, y = patch.to_picture(offset[None])[0]
        found.append((float(x), float(y), float(np.log(look.side)), look.angle))
    return found


def _work_picture(rgb: Rgb) -> tuple[Gray, float]:
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    scale = _WORK / max(gray.shape)
    size = tuple(max(round(length * scale), 1) for length in gray.shape[::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(gray, size, interpolation=method).astype(np.uint8, copy=False), scale


def _shrunk(gray: Gray, side: float) -> tuple[Gray, float]:
    """The picture at a size at which a square of this side has 24 pixels, and the factor."""
    scale = WINDOW / side
    size = tuple(max(round(length * scale), 1) for length in gray.shape[::-1])
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False), scale


def _distinct(seeds: list[_Seed]) -> list[Region]:
    kept: list[Region] = []
    for _, seed in sorted(seeds, key=lambda pair: -pair[0]):
        if not any(_same(seed, other) for other in kept):
            kept.append(seed)
    return kept[:_MOST_SEEDS]


def _best(finds: list[CatFace]) -> list[CatFace]:
    kept: list[CatFace] = []
    for find in sorted(finds, key=lambda find: -find.evidence):
        if not any(_overlap(find.region, other.region) for other in kept):
            kept.append(find)
    return kept


def _same(one: Region, other: Region) -> bool:
    near = np.linalg.norm(one.center - other.center) < _SAME * max(one.side, other.side)
    return bool(near and 0.7 < one.side / other.side < 1.4)


def _overlap(one: Region, other: Region) -> bool:
    return bool(np.linalg.norm(one.center - other.center) < (one.side + other.side) / 2 * _APART)


def _scaled(region: Region, factor: float) -> Region:
    return Region(region.center * factor, region.side * factor, region.angle)
