"""Where the compact model paints at full size: ellipses of mouth and eyes, evaluated in their neighbourhood only.

`paint_map` of the plain network draws soft ellipses over the whole picture; their edges are sigmoids, which vanish
close by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ...modules.compact.aperture import mouth_strength, newly_open, shut
from ...modules.compact.ellipses import Ellipses, eye_ellipses, lost_lid_height, mouth_ellipse

Array = NDArray[np.float32]

LEAST = 2e-5  # share of paint that is not seen: 0.005 of 255
_TINY = 1e-12


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

    def bounds(self) -> Array:
        """Least and largest x and y where it is seen, (2, 2); the whole plane if an axis has no direction."""
        lengths = (self.axes**2).sum(1, keepdims=True)
        if lengths.min() < _TINY:
            return np.array([[-np.inf, -np.inf], [np.inf, np.inf]], np.float32)
        reach = np.sqrt(max(self.edge + np.log(self.gain / LEAST) / self.steepness, 0))
        extent = reach * np.sqrt(((self.axes / lengths) ** 2).sum(0))
        return np.stack([self.centre - extent, self.centre + extent])

    def along(self, x: Array, y: Array) -> tuple[Array, Array]:
        """How far the crossings of columns x and rows y lie along both axes, in half axes, (len(y), len(x)) each."""
        x, y = x - self.centre[0], y - self.centre[1]
        first, second = ((axis[0] * x) + (axis[1] * y)[:, None] for axis in self.axes)
        return first, second

    def draw(self, x: Array, y: Array) -> Array:
        """Its values at the crossings of columns x and rows y, (len(y), len(x))."""
        first, second = self.along(x, y)
        first *= first
        second *= second
        first += second
        first -= self.edge
        first *= self.steepness
        np.exp(np.minimum(first, 80, out=first), out=first)
        first += 1
        return np.divide(self.gain, first, out=first)


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
        bounds = np.stack([part.bounds() for part in parts])
        low, high = bounds[:, 0].min(0), bounds[:, 1].max(0)
        first = np.floor((low.clip(-1, 1) + 1) * (size / 2)).astype(int)
        last = np.ceil((high.clip(-1, 1) + 1) * (size / 2)).astype(int)
        if (first >= last).any():
            return None
        return slice(first[1], last[1]), slice(first[0], last[0])

    def share(self, x: Array, y: Array) -> Array:
        """Share of paint at the crossings of columns x and rows y, (len(y), len(x)) in 0..1."""
        share = np.zeros((len(y), len(x)), np.float32)
        for eye in self.eyes:
            share += eye.draw(x, y)
        np.minimum(share, 1, out=share)
        if self.mouth is not None:
            np.maximum(share, self.mouth.draw(x, y), out=share)
        return share


def apertures(kp_driving: Tensor, kp_source: Tensor) -> list[Aperture]:
    """What is painted in each of B frames, as in `paint_map`: keypoints (B, 21, 3) and (1 or B, 21, 3)."""
    mouths = _seen(mouth_ellipse(kp_driving), mouth_strength(kp_driving) * newly_open(kp_driving, kp_source))
    eyes = _seen(eye_ellipses(kp_driving), shut(lost_lid_height(kp_driving, kp_source)))
    return [Aperture(next(iter(mouth), None), both) for mouth, both in zip(mouths, eyes, strict=True)]


def _seen(ellipses: Ellipses, gains: Tensor) -> list[list[Ellipse]]:
    """Of each of B frames those ellipses that have a gain: gains (B, n)."""
    edge, steepness = ellipses.edge, ellipses.steepness
    frames = zip(ellipses.centres.numpy(), ellipses.axes.numpy(), gains.tolist(), strict=True)
    return [
        [
            Ellipse(centre, axes, edge, steepness, gain)
            for centre, gain in zip(centres, shares, strict=True)
            if gain > LEAST
        ]
        for centres, axes, shares in frames
    ]
