"""The fixed crop of a shot: what is stored of every frame, and how its meshes get there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...config.options import CropOptions
from ...errors import InputError
from ...face.crop import Square, oriented_square, shrunk_square, side_before_shrinking, square_matrix
from ...face.face import Points, Rgb, Scheme
from ...face.landmarks import Floats, mesh_in_crop

NOMINAL = 256 / 288  # of the stored picture's side: the crop that the networks see; the rest is for jitter
SCALE = CropOptions.scale  # side of the nominal crop over the size of the face


class ShotCrop:
    """One crop for all frames of a shot.

    Args:
        square: what is stored.
        size: side of the stored picture in pixels.
    """

    def __init__(self, square: Square, size: int) -> None:
        self._square, self._size = square, size
        self._side = side_before_shrinking(square, size)
        self._matrix = square_matrix(square, dsize=self._side)

    def picture(self, rgb: Rgb) -> Rgb:
        """The crop of a frame (H, W, 3), (size, size, 3) uint8; the frame's border goes on beyond it."""
        return shrunk_square(rgb, self._square, dsize=self._size, border=cv2.BORDER_REPLICATE)

    def mesh(self, landmarks: Points) -> Floats:
        """Landmarks (478, 3) in pixels of the frame as crop coordinates, (478, 3)."""
        return mesh_in_crop(landmarks, self._matrix, self._side)


class WholePicture:
    """The crop of pictures that are cropped already: all of it, resized where that is needed.

    Args:
        side: of the pictures in pixels.
        size: side of the stored picture.
    """

    def __init__(self, side: int, size: int) -> None:
        self._side, self._size = side, size

    def picture(self, rgb: Rgb) -> Rgb:
        """The whole picture (N, N, 3), (size, size, 3) uint8."""
        if self._side == self._size:
            return rgb
        how = cv2.INTER_AREA if self._side > self._size else cv2.INTER_CUBIC
        return cv2.resize(rgb, (self._size, self._size), interpolation=how).astype(np.uint8, copy=False)

    def mesh(self, landmarks: Points) -> Floats:
        """Landmarks (478, 3) in pixels of the picture as crop coordinates, (478, 3)."""
        return mesh_in_crop(landmarks, np.eye(3, dtype=np.float32), self._side)


Crop = ShotCrop | WholePicture


@dataclass(frozen=True)
class Cropping:
    """How the shots of a file are cropped.

    Attributes:
        size: side of the stored pictures in pixels.
        upright: turn by the median roll of the shot.
        side: of pictures that are cropped already; None = they are not.
    """

    size: int
    upright: bool
    side: int | None

    def of(self, places: Sequence[NDArray[np.floating]]) -> Crop:
        """The crop of a shot from the `place` of its frames, (4,) each."""
        if self.side is not None:
            return WholePicture(self.side, self.size)
        x, y, size, _ = np.median(np.stack(places), axis=0).tolist()
        angles = np.stack(places)[:, 3]
        # Of the direction rather than of the number: half a turn is as near as minus half a turn.
        angle = float(np.arctan2(np.median(np.sin(angles)), np.median(np.cos(angles)))) if self.upright else 0.0
        return ShotCrop(Square(np.array([x, y], np.float32), size / NOMINAL, angle), self.size)


def cropping_of(width: int, height: int, *, size: int, upright: bool, cropped: bool) -> Cropping:
    """How a file of that width and height in pixels is cropped.

    Raises:
        InputError: it is said to be cropped and is not square.
    """
    if cropped and width != height:
        raise InputError(
            f"its pictures are {width}x{height} pixels: with --cropped they must be square; prepare full frames in a "
            "run of their own, without --cropped"
        )
    return Cropping(size, upright, width if cropped else None)


def place_of(landmarks: Points) -> NDArray[np.float64]:
    """The nominal crop of one frame by its mesh (478, 3) in pixels: centre, side and angle, (4,)."""
    square = oriented_square(landmarks, Scheme.MESH478, scale=SCALE, vy_ratio=CropOptions.vy_ratio)
    return square.as_row()
