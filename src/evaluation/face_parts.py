"""Parts of the face by the points of its mesh, and the areas of a picture that they cover."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .clip import Meshes

# Contours of MediaPipe's mesh; "left" is left in the picture.
OUTER_LIPS = [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185]
INNER_LIPS = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191]
LEFT_EYE = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246]
RIGHT_EYE = [362, 382, 381, 380, 374, 373, 390, 249, 263, 466, 388, 387, 386, 385, 384, 398]
BROWS = [70, 63, 105, 66, 107, 336, 296, 334, 293, 300]
NOSE = [168, 6, 197, 195, 5, 4, 1, 2, 98, 327]
OVAL = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377]
OVAL += [152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109]
LIPS, EYES = OUTER_LIPS + INNER_LIPS, LEFT_EYE + RIGHT_EYE
_LEFT_CORNERS, _RIGHT_CORNERS = [33, 133], [362, 263]

_MOUTH_MARGIN, _EYE_MARGIN, _SURROUNDINGS = 0.12, 0.12, 0.35  # by which areas grow, in eye distances

Mask = NDArray[np.bool_]  # (H, W)


@dataclass(frozen=True)
class Areas:
    """Where in a picture what is seen, (H, W) each.

    Attributes:
        mouth: hull of the lips, grown by 0.12 eye distances.
        eyes: hulls of both eyes, grown by 0.12 eye distances.
        face: hull of the mesh.
        outside: what is farther than 0.35 eye distances from that.
    """

    mouth: Mask
    eyes: Mask
    face: Mask
    outside: Mask


def eye_distance(meshes: Meshes) -> NDArray[np.float64]:
    """Distance of the middles of both eyes' corners in the picture's plane, (..., 478, 3) -> (...)."""
    plane = meshes[..., :2]
    between = plane[..., _RIGHT_CORNERS, :].mean(-2) - plane[..., _LEFT_CORNERS, :].mean(-2)
    length: NDArray[np.float64] = np.linalg.norm(between, axis=-1)
    return length


def areas_of(mesh: Meshes, side: int) -> Areas:
    """Areas of a face in a square picture.

    Args:
        mesh: (478, 3) in crop coordinates.
        side: of the picture, in pixels.
    """
    pixels = (mesh[:, :2] + 1) * side / 2 - 0.5
    unit = float(eye_distance(mesh)) * side / 2
    eyes = _hull(pixels[LEFT_EYE], side) | _hull(pixels[RIGHT_EYE], side)
    face = _hull(pixels, side)
    return Areas(
        mouth=_grown(_hull(pixels[OUTER_LIPS], side), _MOUTH_MARGIN * unit),
        eyes=_grown(eyes, _EYE_MARGIN * unit),
        face=face,
        outside=~_grown(face, _SURROUNDINGS * unit),
    )


def _hull(points: NDArray[np.float64], side: int) -> Mask:
    hull = cv2.convexHull(np.round(points).astype(np.int32))
    return cv2.fillConvexPoly(np.zeros((side, side), np.uint8), hull, 1).astype(bool)


def _grown(mask: Mask, radius: float) -> Mask:
    size = 2 * max(round(radius), 0) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.dilate(mask.astype(np.uint8), kernel).astype(bool)
