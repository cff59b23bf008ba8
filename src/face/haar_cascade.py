"""Haar cascades without OpenCV's classifier class, which OpenCV 5 no longer has.

A cascade looks at windows of 24 x 24 pixels. It is a row of stages, each a sum of small decisions ("stumps") on
differences of mean brightness between rectangles (Viola and Jones, "Rapid object detection using a boosted cascade of
simple features", 2001; tilted rectangles: Lienhart and Maydt, 2002). A window whose sum stays below a stage's
threshold is dropped. Arithmetic and conventions are those of OpenCV 4, whose files are converted by
`haar_cascade_file.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from .landmarks import Floats

WINDOW = 24  # pixels, side of the window
_DENSE_SHARE = 0.1  # with more windows left than this part, it is faster to evaluate all of them
_CHUNK = 4096  # windows whose table of corners fits into the cache
_LEAST_CONTRAST = 10.0  # standard deviation of grey values below which a window is flat
_INNER = WINDOW - 2  # the contrast is measured without the window's border
_EPSILON = 1e-5  # stage thresholds are lowered by it

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stage:
    """Some stumps and the least sum with which a window passes.

    Attributes:
        planes, rows, columns, weights: corners (C,) of all rectangles in the upright (0) or tilted (1) integral image,
            relative to the window's upper left one, and the integer factors of the values there.
        starts: (S,) first corner of each stump.
        thresholds: (S,) float32 in units of the window's contrast.
        leaves: (S, 2) float32, what a stump adds below its threshold and from it on.
        least: least sum.
    """

    planes: Ints
    rows: Ints
    columns: Ints
    weights: NDArray[np.int32]
    starts: Ints
    thresholds: Floats
    leaves: Floats
    least: float


@dataclass(frozen=True, eq=False)
class Integrals:
    """The sums over rectangles of a grey picture, ready to be looked up.

    Attributes:
        planes: (2, H + 1, W + 1) int32, sums over upright and over tilted rectangles.
        contrasts: (H - 23, W - 23) float32, by which the sums in a window are divided; 0 where it is flat.
    """

    planes: NDArray[np.int32]
    contrasts: Floats
    _phases: dict[int, list[list[list[NDArray[np.int32]]]]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, gray: NDArray[np.uint8]) -> Integrals:
        """Of a picture (H, W) of at least 24 x 24 pixels."""
        upright, squares, tilted = cv2.integral3(gray, sdepth=cv2.CV_32S, sqdepth=cv2.CV_64F)
        area = _INNER * _INNER
        variance = area * _box_sums(squares) - _box_sums(upright.astype(np.float64)) ** 2
        contrasts = np.sqrt(np.maximum(variance, 0)).astype(np.float32)
        contrasts[contrasts <= _LEAST_CONTRAST * area] = 0
        return cls(np.stack([upright, tilted]).astype(np.int32, copy=False), contrasts)

    def phases(self, step: int) -> list[list[list[NDArray[np.int32]]]]:
        """Every `step`-th row and column of both planes, from each first row and each first column on."""
        if step not in self._phases:
            self._phases[step] = [
                [[plane[i::step, j::step].copy() for j in range(step)] for i in range(step)] for plane in self.planes
            ]
        return self._phases[step]


class Windows(NamedTuple):
    """Windows that a cascade did not drop early.

    Attributes:
        places: rows and columns of their upper left corners, (N, 2).
        passed: (N,) how many stages they passed.
        sums: (N,) their sum in the last stage they came to.
    """

    places: Ints
    passed: Ints
    sums: Floats


class HaarCascade:
    """One cascade.

    Args:
        stages: in their order.
    """

    def __init__(self, stages: list[Stage]) -> None:
        self._stages = stages

    @property
    def depth(self) -> int:
        """Number of stages."""
        return len(self._stages)

    def scan(
        self,
        integrals: Integrals,
        wanted: NDArray[np.bool_] | None = None,
        *,
        step: int = 1,
        enough: int | None = None,
    ) -> Windows:
        """The windows of a picture that pass all stages, or enough of them.

        Args:
            integrals: of the picture.
            wanted: (H - 23, W - 23), which windows to look at by their upper left corners; None for all.
            step: look at every window (1), or at every second one in every second row (2).
            enough: so many stages passed suffice; None for all.
        """
        enough = self.depth if enough is None else enough
        alive = integrals.contrasts > 0 if wanted is None else (integrals.contrasts > 0) & wanted
        alive = alive[::step, ::step]
        done = 0
        while done < enough - 1 and alive.mean() > _DENSE_SHARE:
            stage = self._stages[done]
            alive = alive & (_dense_sums(stage, integrals, step) >= stage.least)
            done += 1
        places = np.argwhere(alive) * step
        sums = np.zeros(len(places), np.float32)
        finds = []
        for number in range(done, self.depth):
            stage = self._stages[number]
            sums = _sums(stage, integrals, places)
            passed = sums >= stage.least
            if number >= enough:
                finds.append(_windows(places[~passed], number, sums[~passed]))
            places, sums = places[passed], sums[passed]
        finds.append(_windows(places, self.depth, sums))
        return Windows(*(np.concatenate(parts) for parts in zip(*finds, strict=True)))


def make_stage(
    rectangles: NDArray[np.uint8],
    weights: NDArray[np.int8],
    tilted: NDArray[np.uint8],
    thresholds: Floats,
    leaves: Floats,
    least: float,
) -> Stage:
    """A stage from its features.

    Args:
        rectangles: (S, 3, 4) left, top, width, height in the window.
        weights: (S, 3), 0 for a rectangle that is not there.
        tilted: (S,) 1 where a stump's rectangles stand on a corner.
        thresholds: (S,).
        leaves: (S, 2).
        least: the stage's threshold as the file gives it.
    """
    corners: list[tuple[int, int, int, int]] = []
    starts: list[int] = []
    for boxes, factors, lean in zip(rectangles.astype(int), weights, tilted, strict=True):
        starts.append(len(corners))
        corners += _corners(boxes, factors, int(lean))
    planes, rows, columns, values = np.array(corners, np.int64).T
    return Stage(
        planes, rows, columns, values.astype(np.int32), np.array(starts), thresholds, leaves, float(least) - _EPSILON
    )


def _corners(boxes: Ints, factors: NDArray[np.int8], lean: int) -> list[tuple[int, int, int, int]]:
    """Plane, row, column and factor of a stump's corners; corners that rectangles share are counted once."""
    found: dict[tuple[int, int, int], int] = {}
    for (x, y, w, h), factor in zip(boxes, factors, strict=True):
        points = ((x, y), (x - h, y + h), (x + w, y + w), (x + w - h, y + w + h)) if lean else (
            (x, y), (x, y + h), (x + w, y), (x + w, y + h)
        )  # fmt: skip
        for (column, row), sign in zip(points, (1, -1, -1, 1), strict=True):
            key = (lean, int(row), int(column))
            found[key] = found.get(key, 0) + sign * int(factor)
    return [(*key, factor) for key, factor in found.items() if factor]


def _box_sums(integral: NDArray) -> NDArray[np.float64]:
    """The sums inside all windows, without their border."""
    low, high = 1, 1 + _INNER
    rows, columns = (length - WINDOW for length in integral.shape)
    top, bottom = integral[low : low + rows], integral[high : high + rows]
    return (
        bottom[:, high : high + columns]
        - bottom[:, low : low + columns]
        - top[:, high : high + columns]
        + top[:, low : low + columns]
    )


def _windows(places: Ints, passed: int, sums: Floats) -> Windows:
    return Windows(places, np.full(len(places), passed), sums)


def _dense_sums(stage: Stage, integrals: Integrals, step: int) -> Floats:
    """The stage's sum of every window, or of every second one in every second row."""
    contrasts = integrals.contrasts[::step, ::step]
    rows, columns = contrasts.shape
    total = np.zeros((rows, columns), np.float32)
    value, term = np.empty((2, rows, columns), np.int32)
    planes = integrals.phases(step)
    ends = [*stage.starts[1:], len(stage.weights)]
    for start, end, threshold, (below, above) in zip(stage.starts, ends, stage.thresholds, stage.leaves, strict=True):
        value[:] = 0
        for i in range(start, end):
            (row, row_phase), (column, column_phase) = divmod(stage.rows[i], step), divmod(stage.columns[i], step)
            plane = planes[stage.planes[i]][row_phase][column_phase]
            corner = plane[row : row + rows, column : column + columns]
            np.add(value, np.multiply(corner, stage.weights[i], out=term), out=value)
        total += np.where(value < threshold * contrasts, below, above)
    return total


def _sums(stage: Stage, integrals: Integrals, places: Ints) -> Floats:
    """The stage's sums of some windows (N, 2), given by their upper left corners."""
    _, height, width = integrals.planes.shape
    offsets = (stage.planes * height + stage.rows) * width + stage.columns
    flat, contrasts = integrals.planes.ravel(), integrals.contrasts[places[:, 0], places[:, 1]]
    bases = places[:, 0] * width + places[:, 1]
    sums = np.empty(len(places), np.float32)
    below, above = stage.leaves.T
    for low in range(0, len(places), _CHUNK):
        part = slice(low, low + _CHUNK)
        corners = flat[offsets[:, None] + bases[part]] * stage.weights[:, None]  # (C, n)
        values = np.add.reduceat(corners, stage.starts, axis=0)  # (S, n)
        is_below = values < stage.thresholds[:, None] * contrasts[part]
        sums[part] = np.where(is_below, below[:, None], above[:, None]).sum(0)
    return sums
