"""Close an open mouth in a picture: the lower lip comes up to the upper one, and the inside is gone.

A smooth warp cannot do that, since the lips meet at a line across which the picture jumps from above the mouth's
inside to below it; a thin-plate spline that is asked to folds the face. So the jump is built in.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .cells import cell_grid

Rgb = NDArray[np.uint8]
Array = NDArray[np.float64]

# Mesh points of the inner lips from the left corner to the right one.
_UPPER = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]
_LOWER = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]
_UPPER_SHARE = 0.1  # of the gap, that the upper lip comes down
_LIP = 0.2  # of the mouth's width: what moves as a whole below the line, before the movement dies away
_DIES = 1.0  # within so many widths of the mouth, or three gaps
_ROUNDS = 12


@dataclass(frozen=True, eq=False)
class MouthClosing:
    """The map of a picture that closes its mouth, in a frame along the mouth.

    Attributes:
        origin: left corner of the mouth, (2,).
        axes: unit vectors along the mouth and down, as rows, (2, 2).
        along: places of the lip points along the mouth, ascending, (n,).
        line: where the lips meet there, downwards, (n,).
        gap: what closes there, (n,).
    """

    origin: Array
    axes: Array
    along: Array
    line: Array
    gap: Array

    @classmethod
    def of_mesh(cls, mesh: NDArray[np.floating]) -> MouthClosing:
        """For a face of landmarks (478, 3) in crop units."""
        upper, lower = (mesh[points, :2].astype(np.float64) for points in (_UPPER, _LOWER))
        along = upper[-1] - upper[0]
        along /= np.linalg.norm(along)
        axes = np.stack([along, [-along[1], along[0]]])
        above, below = ((points - upper[0]) @ axes.T for points in (upper, lower))
        place = np.maximum.accumulate((above[:, 0] + below[:, 0]) / 2)
        gap = np.maximum(below[:, 1] - above[:, 1], 0)
        return cls(upper[0], axes, place, above[:, 1] + _UPPER_SHARE * gap, gap)

    def before(self, points: Array) -> Array:
        """Where points (..., 2) of the closed picture come from."""
        along, down = np.moveaxis((points - self.origin) @ self.axes.T, -1, 0)
        gap = np.interp(along, self.along, self.gap, left=0, right=0)
        distance = down - np.interp(along, self.along, self.line)
        share = np.where(distance > 0, 1 - _UPPER_SHARE, -_UPPER_SHARE)
        moved = share * gap * self._dying(np.abs(distance))
        return points + moved[..., None] * self.axes[1]

    def after(self, points: Array) -> Array:
        """Where points (n, 2) of the open picture go; those of the mouth's inside onto the line.

        A point below moves up by less than the gap, so every round of the fixed point ends nearer to its place.
        """
        along, down = np.moveaxis((points - self.origin) @ self.axes.T, -1, 0)
        line, gap = (np.interp(along, self.along, values) for values in (self.line, self.gap))
        inside = (along > self.along[0]) & (along < self.along[-1])
        gap = np.where(inside, gap, 0)
        top, bottom = line - _UPPER_SHARE * gap, line + (1 - _UPPER_SHARE) * gap
        place = down.copy()
        for _ in range(_ROUNDS):
            moved = gap * self._dying(np.abs(place - line))
            place = np.where(down > bottom, np.maximum(down - (1 - _UPPER_SHARE) * moved, line), place)
            place = np.where(down < top, np.minimum(down + _UPPER_SHARE * moved, line), place)
        place = np.where((down >= top) & (down <= bottom), line, place)
        return points + (place - down)[:, None] * self.axes[1]

    def picture(self, rgb: Rgb) -> Rgb:
        """A picture (N, N, 3) uint8 with its mouth closed."""
        size = rgb.shape[0]
        where = self.before(cell_grid(size))
        pixels = ((where + 1) * (size / 2) - 0.5).astype(np.float32)
        return cv2.remap(rgb, pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore

    def _dying(self, distance: Array) -> Array:
        """1 at the lips, falling smoothly to 0."""
        width = self.along[-1] - self.along[0]
        length = max(_DIES * width, 3 * float(self.gap.max()))
        ramp = np.clip(1 - (distance - _LIP * width) / length, 0, 1)
        return ramp**2 * (3 - 2 * ramp)
