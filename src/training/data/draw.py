"""Draw a source frame and driving frames of one shot: rare things, on purpose, more often than they happen.

Of two random frames of a talk most show nearly the same mouth, and hardly ever a blink. So a good part of the draws
asks for a mouth that opens or for eyes that close (ours; the shares are those that trained the first weights).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ...errors import InputError
from ..ranges import SHARE, check_ranges
from .tracks import Track

_LOW, _HIGH = 0.3, 0.8  # quantiles: what counts as closed and as open in a clip
_LEAST_LIPS, _LEAST_EYES = 0.1, 0.08  # of height over width between them: a clip that moves less has no such pairs
_EYES, _LIPS = slice(0, 2), 2


@dataclass(frozen=True)
class DrawOptions:
    """How often which frames are drawn.

    Attributes:
        opening_mouth: share of draws with a closed mouth as the source and open ones to drive.
        closing_eyes: share of draws with open eyes as the source and closed ones to drive.
        farther: share of the other draws in which the farther of two frames drives.
    """

    opening_mouth: float = 0.31
    closing_eyes: float = 0.19
    farther: float = 0.6

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, opening_mouth=SHARE, closing_eyes=SHARE, farther=SHARE)
        if (both := self.opening_mouth + self.closing_eyes) > 1:
            raise InputError(f"opening_mouth and closing_eyes are shares of all draws, got {both:g} together")


def draw_frames(track: Track, count: int, rng: Generator, options: DrawOptions) -> tuple[int, list[int]]:
    """A source frame and `count` driving frames of a shot, as indices."""
    kind = rng.random()
    if kind < options.opening_mouth:
        drawn = _opposites(track.openness[:, _LIPS], _LEAST_LIPS, count, rng, rising=True)
    elif kind < options.opening_mouth + options.closing_eyes:
        drawn = _opposites(track.openness[:, _EYES].mean(1), _LEAST_EYES, count, rng, rising=False)
    else:
        drawn = None
    return drawn or _any(track, count, rng, options.farther)


def _any(track: Track, count: int, rng: Generator, farther: float) -> tuple[int, list[int]]:
    source = int(rng.integers(len(track)))
    driving = []
    for _ in range(count):
        first, second = (int(i) for i in rng.integers(len(track), size=2))
        if rng.random() < farther and _distance(track, source, second) > _distance(track, source, first):
            first = second
        driving.append(first)
    return source, driving


def _opposites(
    values: NDArray[np.float32], least: float, count: int, rng: Generator, rising: bool
) -> tuple[int, list[int]] | None:
    """Frames of low value to frames of high value, or the other way round; None if the shot has no such."""
    low, high = np.quantile(values, [_LOW, _HIGH] if rising else [1 - _HIGH, 1 - _LOW])
    if len(values) < 2 or values.max() - values.min() < least:
        return None
    lows, highs = np.flatnonzero(values <= low), np.flatnonzero(values >= high)
    sources, drivers = (lows, highs) if rising else (highs, lows)
    return int(rng.choice(sources)), [int(i) for i in rng.choice(drivers, size=count)]


def _distance(track: Track, a: int, b: int) -> float:
    return float(np.abs(track.kp[a, :, :2] - track.kp[b, :, :2]).mean())
