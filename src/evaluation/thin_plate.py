"""A thin-plate spline that warps a picture so that its landmarks come to lie on others."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from .clip import Meshes
from .face_parts import BROWS, EYES, LIPS, NOSE, OVAL

_POINTS = [*OVAL, *BROWS, *NOSE, *EYES, *LIPS]
_NODES = 65  # of the coarse grid, along one side
_SMOOTHING = 1e-4  # closed lips and lids make points coincide, which no exact spline can serve
_FIXED = 9  # points along each side of the border that stay in place

_Floats = NDArray[np.float64]


def warped_by_landmarks(source: NDArray[np.uint8], source_mesh: Meshes, driving_mesh: Meshes) -> NDArray[np.uint8]:
    """The source picture with its landmarks where the driving mesh has them; the picture's border stays.

    Args:
        source: (N, N, 3).
        source_mesh: (478, 3) in crop coordinates.
        driving_mesh: (478, 3), likewise.
    """
    border = _border_points()
    from_points = np.concatenate([driving_mesh[_POINTS, :2], border])
    to_points = np.concatenate([source_mesh[_POINTS, :2], border])
    side = len(source)
    where = spline_grid(from_points, to_points, side)  # (N, N, 2) in crop coordinates
    pixels = ((where + 1) * side / 2 - 0.5).astype(np.float32)
    return cv2.remap(source, pixels[..., 0], pixels[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(
        np.uint8, copy=False
    )


def spline_grid(from_points: _Floats, to_points: _Floats, side: int) -> _Floats:
    """Where the pixels of a picture come from, by a thin-plate spline through pairs of points.

    The spline is evaluated at 65 x 65 nodes and enlarged bilinearly; affine motion stays exact.

    Args:
        from_points: (k, 2) places in the result, in crop coordinates.
        to_points: (k, 2) the places in the source that are shown there.
        side: of the picture, in pixels.

    Returns:
        (side, side, 2) crop coordinates in the source.
    """
    spline = RBFInterpolator(from_points, to_points, kernel="thin_plate_spline", smoothing=_SMOOTHING)
    first, last = 1 / side - 1, 1 - 1 / side  # centres of the outermost pixels
    nodes = np.linspace(first, last, _NODES)
    y, x = np.meshgrid(nodes, nodes, indexing="ij")
    coarse = spline(np.stack([x, y], axis=-1).reshape(-1, 2)).reshape(_NODES, _NODES, 2)
    enlarge = _enlarging(side)
    grid: _Floats = np.einsum("ia,abc,jb->ijc", enlarge, coarse, enlarge, optimize=True)
    return grid


def _enlarging(side: int) -> _Floats:
    """Linear interpolation from nodes to pixels, both of which begin and end at the same places: (side, nodes)."""
    place = np.linspace(0, _NODES - 1, side)
    weights: _Floats = np.maximum(1 - np.abs(place[:, None] - np.arange(_NODES)), 0)
    return weights


def _border_points() -> _Floats:
    along = np.linspace(-1, 1, _FIXED)
    sides = [np.stack([along, np.full(_FIXED, at)], axis=1) for at in (-1.0, 1.0)]
    points: _Floats = np.unique(np.concatenate([*sides, *(side[:, ::-1] for side in sides)]), axis=0)
    return points
