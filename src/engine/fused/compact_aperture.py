"""Where the compact model paints one frame: ellipses of mouth and eyes, evaluated in their neighbourhood only.

`paint_map` of the plain network draws soft ellipses over the whole picture; their edges are sigmoids, which vanish
close by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]

LEAST = 2e-5  # share of paint that is not seen: 0.005 of 255
_TINY = 1e-12
_NOTHING = 80.0  # exponent at which a sigmoid is next to nothing; a little more would be no number


@dataclass(frozen=True)
class Ellipse:
    """A soft ellipse in crop coordinates: ``gain * sigmoid((edge - d) * steepness)``, d the squared distance.

    Attributes:
        centre: (2,).
        axes: directions of both axes, divided by half their lengths, (2, 2).
        edge: d of the middle of the edge.
        steepness: of the edge.
        gain: share of the paint inside.
    """

    centre: Array
    axes: Array
    edge: float
    steepness: float
    gain: float

    def bounds(self) -> tuple[float, float, float, float]:
        """Least x and y and largest x and y where it is seen; the whole plane if an axis has no direction."""
        axes = self.axes.tolist()  # plain numbers: for so few of them numpy is slow
        lengths = [x * x + y * y for x, y in axes]
        if min(lengths) < _TINY:
            return -math.inf, -math.inf, math.inf, math.inf
        reach = math.sqrt(max(self.edge + math.log(max(self.gain, LEAST) / LEAST) / self.steepness, 0))
        x, y = self.centre.tolist()
        across, down = (
            reach * math.hypot(first / lengths[0], second / lengths[1]) for first, second in zip(*axes, strict=True)
        )
        return x - across, y - down, x + across, y + down

    def along(self, x: Array, y: Array) -> tuple[Array, Array]:
        """How far the crossings of columns x and rows y lie along both axes, in half axes, (len(y), len(x)) each."""
        x, y = x - self.centre[0], y - self.centre[1]
        first, second = ((axis[0] * x) + (axis[1] * y)[:, None] for axis in self.axes)
        return first, second

    def draw(self, x: Array, y: Array) -> Array:
        """Its values at the crossings of columns x and rows y, (len(y), len(x))."""
        return self.values_at(*self.along(x, y))

    def values_at(self, first: Array, second: Array) -> Array:
        """Its values at places that lie so far along both axes, in half axes; both arrays are overwritten."""
        first *= first
        second *= second
        first += second
        return np.multiply(soft_edge(first, self.edge, self.steepness), self.gain, out=first)


def soft_edge(distance: Floats, edge: float | Floats, steepness: float | Floats) -> Floats:
    """``sigmoid((edge - distance) * steepness)`` of squared distances, in their place."""
    distance -= edge
    distance *= steepness
    np.exp(np.minimum(distance, _NOTHING, out=distance), out=distance)
    distance += 1
    return np.reciprocal(distance, out=distance)


@dataclass(frozen=True)
class Aperture:
    """The parts of one frame that are painted.

    Attributes:
        mouth: what has newly opened of it, if anything.
        eyes: those that close.
    """

    mouth: Ellipse | None
    eyes: list[Ellipse]

    def window(self, size: int) -> tuple[slice, slice] | None:
        """Rows and columns of the cells of a map of that size that it touches; None if there are none."""
        parts = [*self.eyes, *([self.mouth] if self.mouth else [])]
        if not parts:
            return None
        sides = list(zip(*(part.bounds() for part in parts), strict=True))
        left, top = (math.floor((_inside(min(side)) + 1) * size / 2) for side in sides[:2])
        right, bottom = (math.ceil((_inside(max(side)) + 1) * size / 2) for side in sides[2:])
        if left >= right or top >= bottom:
            return None
        return slice(top, bottom), slice(left, right)

    def share(self, x: Array, y: Array) -> Array:
        """Share of paint at the crossings of columns x and rows y, (len(y), len(x)) in 0..1."""
        share = np.zeros((len(y), len(x)), np.float32)
        for eye in self.eyes:
            share += eye.draw(x, y)
        np.minimum(share, 1, out=share)
        if self.mouth is not None:
            np.maximum(share, self.mouth.draw(x, y), out=share)
        return share


def _inside(place: float) -> float:
    return max(-1.0, min(1.0, place))
