"""One random similarity for all frames of a draw, so that the networks see faces as the product's crops show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ...motion.mesh_points import mirror_order
from ..ranges import FINITE, NOT_NEGATIVE, POSITIVE, SHARE, check_ascending, check_ranges
from .reshape import Reshape

Rgb = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FramingOptions:
    """How crops are varied; lengths in crop units, which are half the crop's side.

    Attributes:
        zoom: least and most size relative to the nominal crop.
        turn: most degrees in the plane ...
        turned: ... and the share that is turned at all.
        shift_x: most shift to either side.
        shift_y: least and most shift downwards; crops of the product show the face lower than a tight crop does.
        black: share with black beyond the stored picture; elsewhere its border is repeated.
    """

    zoom: tuple[float, float] = (0.88, 1.3)
    turn: float = 12.0
    turned: float = 0.6
    shift_x: float = 0.1
    shift_y: tuple[float, float] = (-0.06, 0.24)
    black: float = 0.5

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, zoom=POSITIVE, turn=NOT_NEGATIVE, turned=SHARE, shift_x=NOT_NEGATIVE, black=SHARE)
        check_ranges(self, shift_y=FINITE)
        check_ascending(self, "zoom", "shift_y")


@dataclass(frozen=True, eq=False)
class Framing:
    """A similarity from crop coordinates of the stored picture to those of the training crop.

    Attributes:
        linear: (2, 2): zoom, turn and perhaps a flip.
        shift: (2,).
        flipped: left and right are swapped.
        border: OpenCV's border mode.
    """

    linear: NDArray[np.float64]
    shift: NDArray[np.float64]
    flipped: bool
    border: int

    def pictures(self, pictures: Sequence[Rgb], size: int, reshape: Reshape | None = None) -> Rgb:
        """Crop stored pictures, (n, size, size, 3) uint8, and bend the crops.

        They are sampled at twice the size where that is smaller than the stored picture.
        """
        stored = pictures[0].shape[0]
        fine = 2 * size if 2 * size <= stored else size
        if reshape is None:
            matrix = self._pixels(stored, fine)
            cropped = [
                cv2.warpAffine(picture, matrix, (fine, fine), flags=cv2.INTER_LINEAR, borderMode=self.border)
                for picture in pictures
            ]
        else:
            inside = (reshape.before(fine) - self.shift) @ np.linalg.inv(self.linear).T  # crop units, as stored
            place = ((inside + 1) * (stored / 2) - 0.5).astype(np.float32)
            cropped = [
                cv2.remap(picture, place, None, cv2.INTER_LINEAR, borderMode=self.border)  # type: ignore[call-overload]
                for picture in pictures
            ]
        if fine != size:
            cropped = [cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA) for picture in cropped]
        return np.stack(cropped).astype(np.uint8, copy=False)

    def keypoints(self, kp: Floats) -> Floats:
        """Keypoints (..., 21, 3) in the training crop; of a flipped face those of left and right change places."""
        if self.flipped:
            kp = kp[..., mirror_order(), :]
        plane = kp[..., :2] @ self.linear.T + self.shift
        return np.concatenate([plane, kp[..., 2:] * self._zoom], -1).astype(np.float32)

    def poses(self, R: Floats) -> Floats:
        """Head poses (..., 3, 3), for row vectors, in the training crop."""
        turn = np.eye(3)
        turn[:2, :2] = self.linear.T / self._zoom
        mirror = np.diag([-1.0 if self.flipped else 1.0, 1.0, 1.0])  # a mirrored head is the mean face's mirror image
        return (mirror @ R @ turn).astype(np.float32)

    @property
    def _zoom(self) -> float:
        return float(np.sqrt(abs(np.linalg.det(self.linear))))

    def _pixels(self, stored: int, size: int) -> NDArray[np.float64]:
        """The same map from pixels to pixels (pixel centres at whole numbers), (2, 3)."""
        scale = size / stored
        centre_from, centre_to = (stored - 1) / 2, (size - 1) / 2
        linear = self.linear * scale
        shift = centre_to + self.shift * size / 2 - linear @ np.full(2, centre_from)
        return np.concatenate([linear, shift[:, None]], 1)


def draw_framing(rng: Generator, options: FramingOptions, nominal: float) -> Framing:
    """A random framing.

    Args:
        rng: source of chance.
        options: how far it may go.
        nominal: size of the stored picture over that of the nominal crop in its middle.
    """
    zoom = nominal * np.exp(rng.uniform(*np.log(options.zoom)))
    angle = np.radians(rng.uniform(-options.turn, options.turn)) if rng.random() < options.turned else 0.0
    flipped = bool(rng.random() < 0.5)
    linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = linear @ np.diag([-1.0 if flipped else 1.0, 1.0])
    shift = np.array([rng.uniform(-options.shift_x, options.shift_x), rng.uniform(*options.shift_y)])
    border = cv2.BORDER_CONSTANT if rng.random() < options.black else cv2.BORDER_REPLICATE
    return Framing(linear, shift, flipped, border)
