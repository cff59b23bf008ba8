"""Crop geometry: the oriented square around a face, crops of it, and the fixed box of a driving clip.

A crop keeps both matrices of its mapping, so that points and pictures travel both ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import acos, cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .face import Points, Rgb, Scheme
from .landmarks import Floats, extent_points, planar, reference_points, scheme_of

NETWORK_SIZE = 256  # side of the pictures that the networks F and M see


@dataclass(frozen=True, eq=False)
class Crop:
    """A square piece of a picture and where it came from.

    Attributes:
        image: (size, size, 3) uint8; black (or the border repeated) where the square leaves the picture.
        M_o2c: (3, 3) float32, picture pixels to crop pixels.
        M_c2o: (3, 3) float32, the inverse.
    """

    image: Rgb
    M_o2c: Floats
    M_c2o: Floats

    def to_crop(self, points: Points) -> Floats:
        """Points (N, 2) of the picture in crop pixels."""
        return map_points(points, self.M_o2c)

    def to_picture(self, points: Points) -> Floats:
        """Points (N, 2) of the crop in picture pixels."""
        return map_points(points, self.M_c2o)


@dataclass(frozen=True, eq=False)
class Square:
    """A square turned with the face.

    Attributes:
        center: (2,) float32 pixels.
        size: side in pixels.
        angle: radians, positive when the face is turned clockwise on the screen.
    """

    center: Floats
    size: float
    angle: float

    def corners(self, *, rotated: bool) -> Floats:
        """Top left, top right, bottom right, bottom left (4, 2) float32; upright, or turned with the face."""
        half = self.size / 2
        arms = np.array([[-half, -half], [half, -half], [half, half], [-half, half]], np.float32)
        if rotated:
            c, s = cos(self.angle), sin(self.angle)
            arms = arms @ np.array([[c, s], [-s, c]], np.float32)
        return self.center + arms

    def as_row(self) -> NDArray[np.float64]:
        """The square as numbers x, y, size, angle, (4,) float64: a row of a clip's squares."""
        return np.array([*self.center, self.size, self.angle], np.float64)

    @staticmethod
    def from_row(row: NDArray[np.floating]) -> Square:
        """The square of a row of numbers, (4,): the inverse of `as_row`."""
        x, y, size, angle = (float(number) for number in row)
        return Square(np.array([x, y], np.float32), size, angle)


def map_points(points: Points, matrix: Floats) -> Floats:
    """Points (N, 2) through an affine matrix (3, 3), float32."""
    return planar(points) @ matrix[:2, :2].T + matrix[:2, 2]


def oriented_square(
    points: Points,
    scheme: Scheme | None = None,
    *,
    scale: float = 1.5,
    vx_ratio: float = 0.0,
    vy_ratio: float = -0.1,
    use_lip: bool = True,
) -> Square:
    """The square around a face, upright with respect to it (spec: pipeline, section 5.4).

    Args:
        points: (N, 2) or (N, 3) landmarks in pixels.
        scheme: their meaning; None tells it from their number.
        scale: side of the square over the larger extent of the face.
        vx_ratio: shift along the face's own x axis, in sides.
        vy_ratio: shift along the face's own y axis, in sides; negative shows more of the forehead.
        use_lip: False takes the orientation from the eyes alone.
    """
    scheme = scheme or scheme_of(len(points))
    eyes, mouth = reference_points(points, scheme, use_lip=use_lip)
    down = mouth - eyes
    length = float(np.linalg.norm(down))
    down = np.array([0, 1], np.float32) if length <= 1e-3 else down / np.float32(length)
    right = np.array([down[1], -down[0]], np.float32)
    # Rounding can push the cosine a hair above 1.
    angle = acos(float(np.clip(right[0], -1.0, 1.0)))

    spread = extent_points(points, scheme, down)
    mean = spread.mean(0)
    along = (spread - mean) @ np.stack([right, down]).T  # (M, 2) in the face's own axes
    low, high = along.min(0), along.max(0)
    middle = (low + high) / 2
    size = np.float32((high - low).max() * np.float32(scale))
    center = mean + right * (middle[0] + np.float32(vx_ratio) * size) + down * (middle[1] + np.float32(vy_ratio) * size)
    return Square(center.astype(np.float32), float(size), -angle if right[1] < 0 else angle)


def crop_image(
    rgb: Rgb,
    points: Points,
    scheme: Scheme | None = None,
    *,
    dsize: int = 224,
    scale: float = 1.5,
    vx_ratio: float = 0.0,
    vy_ratio: float = -0.1,
    rotate: bool = True,
    border: int = cv2.BORDER_CONSTANT,
) -> Crop:
    """Cut the square around a face out of a picture (spec: pipeline, section 5.5).

    Unlike the reference, `vx_ratio` is honoured.

    Args:
        rgb: (H, W, 3) uint8.
        points: (N, 2) or (N, 3) landmarks in pixels.
        scheme: their meaning; None tells it from their number.
        dsize: side of the crop in pixels.
        scale: side of the square over the larger extent of the face.
        vx_ratio: shift along the face's own x axis, in sides.
        vy_ratio: shift along the face's own y axis, in sides.
        rotate: turn the face upright.
        border: what stands beyond the picture: cv2.BORDER_CONSTANT (black) or cv2.BORDER_REPLICATE.

    Raises:
        InputError: the landmarks have no extent.
    """
    square = oriented_square(points, scheme, scale=scale, vx_ratio=vx_ratio, vy_ratio=vy_ratio)
    return crop_square(rgb, square, dsize=dsize, rotate=rotate, border=border)


def crop_square(
    rgb: Rgb, square: Square, *, dsize: int, rotate: bool = True, border: int = cv2.BORDER_CONSTANT
) -> Crop:
    """Cut one square out of a picture, as `crop_image` does once it has found it.

    Args:
        rgb: (H, W, 3) uint8.
        square: what to cut out.
        dsize: side of the crop in pixels.
        rotate: turn the face upright.
        border: what stands beyond the picture: cv2.BORDER_CONSTANT (black) or cv2.BORDER_REPLICATE.

    Raises:
        InputError: the square has no size.
    """
    return _cut(rgb, square_matrix(square, dsize=dsize, rotate=rotate), dsize, border)


def shrunk_square(
    rgb: Rgb, square: Square, *, dsize: int, rotate: bool = True, border: int = cv2.BORDER_CONSTANT
) -> Rgb:
    """The picture of `crop_square`; where it shrinks to less than half, every pixel is the mean of those under it.

    Args:
        rgb: (H, W, 3) uint8.
        square: what to cut out.
        dsize: side of the crop in pixels.
        rotate: turn the face upright.
        border: what stands beyond the picture, as for `crop_square`.

    Returns:
        (dsize, dsize, 3) uint8.

    Raises:
        InputError: the square has no size.
    """
    side = side_before_shrinking(square, dsize)
    image = crop_square(rgb, square, dsize=side, rotate=rotate, border=border).image
    return image if side == dsize else resize_source(image, dsize)


def side_before_shrinking(square: Square, dsize: int) -> int:
    """The side in pixels at which `shrunk_square` cuts, a multiple of `dsize`: its `square_matrix` places points best.

    That of `dsize` would be beside the picture by up to half a pixel, since it maps the centres of the pixels.
    """
    return dsize * max(int(square.size / dsize), 1)


def square_matrix(square: Square, *, dsize: int, rotate: bool = True) -> Floats:
    """The matrix of `crop_square`, picture pixels to crop pixels, (3, 3) float32.

    Raises:
        InputError: the square has no size.
    """
    return _matrix(square.center, square.size, square.angle if rotate else 0.0, dsize)


def driving_box(
    points: Points,
    scheme: Scheme | None = None,
    *,
    scale: float = 2.2,
    vx_ratio: float = 0.0,
    vy_ratio: float = -0.1,
) -> Floats:
    """The upright box of one driving frame: left, top, right, bottom (4,) float32 (spec: pipeline, section 5.5)."""
    square = oriented_square(points, scheme, scale=scale, vx_ratio=vx_ratio, vy_ratio=vy_ratio)
    corners = square.corners(rotated=False)
    return np.concatenate([corners[0], corners[2]])


def average_box(boxes: Iterable[Floats]) -> NDArray[np.float64]:
    """The mean of the boxes (4,) of all frames of a clip.

    Raises:
        InputError: there is no box.
    """
    stacked = np.array([np.asarray(box, np.float64) for box in boxes])
    if not len(stacked):
        raise InputError("there is no box to average: no frame shows a face")
    return stacked.mean(0)


def crop_by_box(rgb: Rgb, box: NDArray[np.floating], *, dsize: int = 512, angle: float = 0.0) -> Crop:
    """Cut one box out of a frame; the box's width is the side of the square (spec: pipeline, section 5.5).

    Args:
        rgb: (H, W, 3) uint8.
        box: left, top, right, bottom (4,) pixels.
        dsize: side of the crop in pixels.
        angle: radians by which the square is turned about its centre.
    """
    return _cut(rgb, box_matrix(box, dsize=dsize, angle=angle), dsize)


def box_matrix(box: NDArray[np.floating], *, dsize: int = 512, angle: float = 0.0) -> Floats:
    """The matrix of `crop_by_box`, frame pixels to crop pixels, (3, 3) float32."""
    left, top, right, bottom = (float(v) for v in box)
    center = np.array([(left + right) / 2, (top + bottom) / 2])
    return _matrix(center, right - left, angle, dsize)


def resize_source(image: Rgb, size: int = NETWORK_SIZE) -> Rgb:
    """A source crop at the networks' size, area averaging; (size, size, 3) uint8."""
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def resize_driving(image: Rgb, size: int = NETWORK_SIZE) -> Rgb:
    """A driving frame at the networks' size, bilinear and without regard to its aspect; (size, size, 3) uint8."""
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _cut(rgb: Rgb, matrix: Floats, dsize: int, border: int = cv2.BORDER_CONSTANT) -> Crop:
    image = cv2.warpAffine(rgb, matrix[:2], (dsize, dsize), flags=cv2.INTER_LINEAR, borderMode=border)
    return Crop(image.astype(np.uint8, copy=False), matrix, np.linalg.inv(matrix).astype(np.float32))


def _matrix(center: NDArray[np.floating], size: float, angle: float, dsize: int) -> Floats:
    if not np.isfinite(size) or size <= 0:
        raise InputError(f"cannot cut a square of side {size} px around a face: its landmarks have no extent")
    s, half = dsize / size, dsize / 2
    cx, cy = float(center[0]), float(center[1])
    c, n = cos(angle), sin(angle)
    return np.array(
        [[s * c, s * n, half - s * (c * cx + n * cy)], [-s * n, s * c, half - s * (-n * cx + c * cy)], [0, 0, 1]],
        np.float32,
    )
