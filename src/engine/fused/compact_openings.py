"""Mouths and eyes of several frames at once, by numpy: a call of torch costs more than these few numbers take.

Places in the plane are complex numbers here: times the conjugate of a direction they are what lies along it and, to
its right, what lies across it.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...modules.compact.aperture import CLOSING_GAIN, FULL_GAP, LEAST_GAP, LOST_WHEN_SHUT, MOST_CLOSING
from ...modules.compact.ellipses import (
    CORNERS,
    EYE_EDGE,
    EYE_HALF_AXES,
    EYE_STEEPNESS,
    LEAST_DISTANCE,
    LEAST_MOUTH,
    LOWER_LIDS,
    LOWER_LIP,
    MOUTH_EDGE,
    MOUTH_HALF_WIDTH,
    MOUTH_STEEPNESS,
    PUPILS,
    UPPER_LIDS,
    UPPER_LIP,
)
from .compact_aperture import LEAST, Aperture, Ellipse, soft_edge
from .compact_sampling import centres

Floats = NDArray[np.floating[Any]]
Plane = NDArray[np.complexfloating[Any, Any]]

_EDGES = MOUTH_EDGE, EYE_EDGE, EYE_EDGE
_STEEPNESS = MOUTH_STEEPNESS, EYE_STEEPNESS, EYE_STEEPNESS

# A frame that is of no use gives no numbers, and no warning either. As a decorator only: there every call has its own.
without_warnings = np.errstate(over="ignore", invalid="ignore")


class Openings:
    """What `aperture_maps` and `paint_map` know of B frames.

    Args:
        driving: keypoints (B, 21, 3) in crop coordinates.
        source: (1, 21, 3) or (B, 21, 3).

    Attributes:
        place: of the driving keypoints in the plane, complex, (B, 21).
        across_eyes: from the left pupil to the right one, complex, of length 1, (B,).
        distance: of the pupils, (B,).
    """

    @without_warnings
    def __init__(self, driving: Floats, source: Floats) -> None:
        self.place = _plane(driving)
        self._across_mouth, self._width = _direction(self.place, CORNERS)
        self.across_eyes, self.distance = _direction(self.place, PUPILS)
        self._gap = _gap(self.place, self._across_mouth)
        before = _plane(source)
        gap = _gap(before, _direction(before, CORNERS)[0])
        self._strength = np.minimum(self._gap / FULL_GAP, 1)
        self._newly = ((self._gap - gap) / np.maximum(self._gap, LEAST_GAP)).clip(0, 1)
        height = _lid_height(before, *_direction(before, PUPILS))
        self._lost = height - _lid_height(self.place, self.across_eyes, self.distance)  # (B, 2)
        self._shut = (self._lost / LOST_WHEN_SHUT).clip(0, 1)

    @without_warnings
    def maps(self, size: int) -> Floats:
        """As `aperture_maps`, (B, 4, size, size)."""
        soft = self._drawn(size)
        mouth, eyes = soft[:, 0] * self._strength[:, None, None], soft[:, 1:]
        lost, shut = (
            (eyes * value[..., None, None]).sum(1)
            for value in ((self._lost * CLOSING_GAIN).clip(-MOST_CLOSING, MOST_CLOSING), self._shut)
        )
        paint = np.maximum(mouth * self._newly[:, None, None], np.minimum(shut, 1))
        return np.stack([mouth, paint, eyes.sum(1), lost], 1)

    @cached_property
    @without_warnings
    def apertures(self) -> list[Aperture]:
        """What is painted in each frame, as in `paint_map`."""
        gains = np.stack([self._strength * self._newly, *self._shut.T], 1).tolist()
        seen = [[self._ellipse(frame, part, gain) for part, gain in enumerate(row)] for frame, row in enumerate(gains)]
        return [Aperture(mouth, [eye for eye in eyes if eye is not None]) for mouth, *eyes in seen]

    def _ellipse(self, frame: int, part: int, gain: float) -> Ellipse | None:
        """The mouth (0) or an eye (1, 2) of a frame, None where nothing is seen of it."""
        if not gain > LEAST:
            return None
        return Ellipse(self._centres[frame, part], self._axes[frame, part], _EDGES[part], _STEEPNESS[part], gain)

    @cached_property
    def _centres(self) -> Floats:
        """Of mouth and eyes, (B, 3, 2)."""
        mouth = (self.place[:, LOWER_LIP] + self.place[:, UPPER_LIP]) / 2
        return _pairs(np.stack([mouth, *self.place[:, PUPILS].T], 1))

    @cached_property
    def _axes(self) -> Floats:
        """Directions of both axes of mouth and eyes, divided by half their lengths, (B, 3, 2, 2)."""
        halves = MOUTH_HALF_WIDTH * self._width, self._gap / 2
        mouth = [self._across_mouth / np.maximum(*pair) for pair in zip(halves, LEAST_MOUTH, strict=True)]
        eyes = [self.across_eyes / (half * self.distance) for half in EYE_HALF_AXES]
        right, down = (np.stack([first, other, other], 1) for first, other in zip(mouth, eyes, strict=True))  # (B, 3)
        return _pairs(np.stack([right, 1j * down], 2))

    def _drawn(self, size: int) -> Floats:
        """Soft ellipses of mouth and eyes, (B, 3, size, size) in 0..1."""
        offset = centres(size).astype(self.distance.dtype) - self._centres[..., None]  # (B, 3, 2, size)
        steps = self._axes[..., None] * offset[:, :, None]  # (B, 3, 2, 2, size): axis of the ellipse, x or y
        along = steps[..., 0, None, :] + steps[..., 1, :, None]  # (B, 3, 2, size, size)
        np.square(along, out=along)
        return soft_edge(along[:, :, 0] + along[:, :, 1], _per_part(_EDGES, along), _per_part(_STEEPNESS, along))


def _per_part(values: tuple[float, ...], like: Floats) -> Floats:
    return np.array(values, like.dtype)[:, None, None]


def _plane(kp: Floats) -> Plane:
    """Keypoints (B, 21, 3) as (B, 21)."""
    place: Plane = kp[..., 0] + 1j * kp[..., 1]
    return place


def _pairs(place: Plane) -> Floats:
    """As x and y, (..., 2)."""
    return np.stack([place.real, place.imag], -1)


def _direction(place: Plane, ends: list[int]) -> tuple[Plane, Floats]:
    """From one keypoint to another, of length 1 unless they coincide, (B,), and their distance, (B,)."""
    span = place[:, ends[1]] - place[:, ends[0]]
    distance = np.maximum(np.abs(span), LEAST_DISTANCE)
    return span / distance, distance


def _gap(place: Plane, across: Plane) -> Floats:
    """Opening of the inner lips, (B,), never negative."""
    return np.maximum(((place[:, LOWER_LIP] - place[:, UPPER_LIP]) * across.conj()).imag, 0)


def _lid_height(place: Plane, across: Plane, distance: Floats) -> Floats:
    """Height of both upper lids over the lower lids, in eye distances, (B, 2)."""
    return ((place[:, LOWER_LIDS] - place[:, UPPER_LIDS]) * across.conj()[:, None]).imag / distance[:, None]
