"""Where the compact model paints at full size: ellipses of mouth and eyes, evaluated in their neighbourhood only.

`paint_map` of the plain network draws soft ellipses over the whole picture; their edges are sigmoids, which vanish
close by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...modules.compact import aperture as plain

Array = NDArray[np.float32]

_MOUTH, _EYE = (0.95, 5.0), (1.0, 3.0)  # where the edge lies in squared half axes, and its steepness
_LEAST = 2e-5  # share of paint that is not seen: 0.005 of 255
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
        reach = np.sqrt(max(self.edge + np.log(self.gain / _LEAST) / self.steepness, 0))
        extent = reach * np.sqrt(((self.axes / lengths) ** 2).sum(0))
        return np.stack([self.centre - extent, self.centre + extent])

    def draw(self, x: Array, y: Array) -> Array:
        """Its values at the crossings of columns x and rows y, (len(y), len(x))."""
        x, y = x - self.centre[0], y - self.centre[1]
        first, second = ((axis[0] * x) + (axis[1] * y)[:, None] for axis in self.axes)
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
    """What is painted in each of B frames: keypoints (B, 21, 3) and (1 or B, 21, 3)."""
    mouths, eyes = _mouths(kp_driving, kp_source), _eyes(kp_driving, kp_source)
    return [
        Aperture(next(iter(_seen(_MOUTH, *mouth)), None), _seen(_EYE, *pair))
        for mouth, pair in zip(zip(*mouths, strict=True), zip(*eyes, strict=True), strict=True)
    ]


def _seen(kind: tuple[float, float], centres: Array, axes: Array, gains: Array) -> list[Ellipse]:
    """Those of n ellipses with the same axes that have a gain: centres (n, 2), axes (2, 2), gains (n,)."""
    pairs = zip(centres, gains.tolist(), strict=True)
    return [Ellipse(centre, axes, *kind, gain) for centre, gain in pairs if gain > _LEAST]


def _mouths(kp_driving: Tensor, kp_source: Tensor) -> tuple[Array, Array, Array]:
    """Centres (B, 1, 2), axes (B, 2, 2) and gains (B, 1) of the open mouths, as in the plain `paint_map`."""
    right, down, width = plain._axes(kp_driving, plain._LEFT_CORNER, plain._RIGHT_CORNER)
    gap, gap_source = plain._lip_gap(kp_driving), plain._lip_gap(kp_source)
    newly_open = ((gap - gap_source) / gap.clamp(min=0.05)).clamp(0, 1)
    centre = (kp_driving[:, plain._LOWER_LIP, :2] + kp_driving[:, plain._UPPER_LIP, :2]) / 2
    axes = torch.stack([right / (0.43 * width).clamp(min=0.02), down / (gap / 2).clamp(min=0.006)], 1)
    return centre[:, None].numpy(), axes.numpy(), ((gap / 0.03).clamp(max=1) * newly_open).numpy()


def _eyes(kp_driving: Tensor, kp_source: Tensor) -> tuple[Array, Array, Array]:
    """Centres (B, 2, 2), axes (B, 2, 2) and gains (B, 2) of the eyes, as in the plain `paint_map`."""
    right, down, distance = plain._axes(kp_driving, *plain._PUPILS)
    axes = torch.stack([right / (0.19 * distance), down / (0.11 * distance)], 1)
    lost = plain._lost_lid_height(kp_driving, kp_source)[..., 0, 0]
    return kp_driving[:, plain._PUPILS, :2].numpy(), axes.numpy(), (lost / 0.08).clamp(0, 1).numpy()
