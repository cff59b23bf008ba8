"""The same random change of colours and light for all frames of a draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..ranges import NOT_NEGATIVE, SHARE, check_ranges
from .cells import cell_centres

Floats = NDArray[np.float32]

_LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class ColourOptions:
    """How far colours are changed.

    Attributes:
        changed: share of draws that are changed at all.
        gain: most change of contrast, of all channels and again of each, as a factor's distance from 1.
        offset: most change of brightness, of 1.
        gamma: most change of the tone curve's exponent, as a factor's distance from 1.
        saturation: most change of saturation, as a factor's distance from 1.
        hue: most turn of the colours around grey, in degrees.
        light: most change of brightness from one side of the crop to the other, as a factor's distance from 1.
        grey: share of the changed draws without colours.
    """

    changed: float = 0.6
    gain: float = 0.08
    offset: float = 0.08
    gamma: float = 0.25
    saturation: float = 0.0
    hue: float = 0.0
    light: float = 0.0
    grey: float = 0.04

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, changed=SHARE, grey=SHARE)
        factors = ("gain", "offset", "gamma", "saturation", "hue", "light")
        check_ranges(self, **dict.fromkeys(factors, NOT_NEGATIVE))


@dataclass(frozen=True, eq=False)
class Colours:
    """A change of colours: a tone curve, a mixture of the channels, light from one side.

    Attributes:
        table: level -> value in 0..1 of each channel, (256, 3) float32.
        mixture: of the channels, (3, 3), for row vectors.
        slope: growth of the logarithm of brightness, per crop unit to the right and downwards.
    """

    table: Floats
    mixture: Floats
    slope: tuple[float, float]

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Pictures (n, H, W, 3) uint8 with their colours changed."""
        values = np.stack([self.table[pictures[..., channel], channel] for channel in range(3)], -1)
        values = values @ self.mixture
        if any(self.slope):
            down, right = (cell_centres(n, np.float32) for n in pictures.shape[1:3])
            values *= np.exp(self.slope[0] * right + self.slope[1] * down[:, None])[..., None]
        return np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8)


def draw_colours(rng: Generator, options: ColourOptions) -> Colours | None:
    """A random change of colours, or None to leave them alone."""
    if rng.random() >= options.changed:
        return None
    gamma = _factor(rng, options.gamma)
    gain = _factor(rng, options.gain) * np.array([_factor(rng, options.gain) for _ in range(3)])
    levels = (np.arange(256) / 255.0)[:, None] ** gamma
    table = (levels - 0.5) * gain + 0.5 + rng.uniform(-options.offset, options.offset)
    saturation = 0.0 if rng.random() < options.grey else _factor(rng, options.saturation)
    angle = np.radians(rng.uniform(-options.hue, options.hue))
    light = np.log1p(options.light) / 2
    slope = tuple(float(value) for value in rng.uniform(-light, light, 2))
    return Colours(table.astype(np.float32), _mixture(saturation, angle), (slope[0], slope[1]))


def _factor(rng: Generator, most: float) -> float:
    """A random factor between 1 / (1 + most) and 1 + most."""
    return float(np.exp(rng.uniform(-1, 1) * np.log1p(most)))


def _mixture(saturation: float, angle: float) -> Floats:
    """Turn colours around the grey axis, then move them away from or towards grey; greys stay as they are."""
    axis = np.full(3, 1 / np.sqrt(3))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(axis, axis)
    grey = np.tile(_LUMA[:, None], 3)  # for row vectors
    return np.asarray(turn @ (saturation * np.eye(3) + (1 - saturation) * grey), np.float32)
