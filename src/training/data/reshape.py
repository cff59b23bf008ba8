"""Other faces out of the same pictures: one random smooth bend for all frames of a draw.

A hundred clips show some sixty people, whom G learns by heart: on the training people it takes a fifth of the warp's
error in the mouth away, on others a third of that. A nose that is longer and a mouth that is wider in every frame make
another person, with a real mouth's inside (ours).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..ranges import NOT_NEGATIVE, SHARE, check_ranges
from .cells import cell_grid

Floats = NDArray[np.float32]

_CONTROLS = 5  # control points a side
_FIELD = 64  # cells a side of the field that is looked up
_ROUNDS = 12  # of the fixed point that inverts the bend: of 20,000 random ones the worst was then 0.0013 beside


@dataclass(frozen=True)
class ReshapeOptions:
    """How far faces are bent.

    Attributes:
        reshaped: share of draws that are bent at all.
        bend: deviation of the control points, in crop units.
        stretch: deviation of the widening and the lengthening of the whole picture.
    """

    reshaped: float = 0.0
    bend: float = 0.03
    stretch: float = 0.05

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, reshaped=SHARE, bend=NOT_NEGATIVE, stretch=NOT_NEGATIVE)


@dataclass(frozen=True, eq=False)
class Reshape:
    """A smooth map of the training crop: position in the bent picture -> position before.

    Attributes:
        field: displacement on a grid of cells over the crop, (64, 64, 2), in crop units.
    """

    field: Floats

    def before(self, size: int) -> Floats:
        """Where each pixel of the bent crop comes from, (size, size, 2) in crop units."""
        return np.asarray(
            cell_grid(size, np.float32) + cv2.resize(self.field, (size, size), interpolation=cv2.INTER_LINEAR),
            np.float32,
        )

    def keypoints(self, kp: Floats) -> Floats:
        """Keypoints (..., 3) in the bent crop; z stays as it is."""
        plane = kp[..., :2].reshape(-1, 2)
        moved = plane.copy()
        for _ in range(_ROUNDS):
            moved = plane - self._at(moved)
        return np.concatenate([moved.reshape(*kp.shape[:-1], 2), kp[..., 2:]], -1).astype(np.float32)

    def _at(self, points: Floats) -> Floats:
        """The displacement at points (n, 2); beyond the crop that of its border."""
        cells = ((points + 1) * (_FIELD / 2) - 0.5).astype(np.float32)
        found = cv2.remap(self.field, cells[None], None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
        return np.asarray(found[0], np.float32)


def draw_reshape(rng: Generator, options: ReshapeOptions) -> Reshape | None:
    """A random bend, or None to leave faces as they are."""
    if rng.random() >= options.reshaped:
        return None
    controls = rng.normal(0, options.bend, (_CONTROLS, _CONTROLS, 2)).astype(np.float32)
    field = cv2.resize(controls, (_FIELD, _FIELD), interpolation=cv2.INTER_CUBIC)
    stretched = cell_grid(_FIELD, np.float32) * rng.normal(0, options.stretch, 2)
    return Reshape((field + stretched).astype(np.float32))
