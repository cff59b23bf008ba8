"""How much two faces look like the same person, by the network of `identity_network`."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from .clip import Meshes, Pictures
from .identity_network import CHIP_SIZE, IdentityNetwork

SAME_PERSON = 0.6  # dlib's threshold of the distance

# Where dlib's face chips show the corners of the eyes and the base of the nose, in a unit square before padding, and
# the mesh points that lie there (33 outer and 133 inner corner of the picture's left eye, 263 and 362 of the right).
_PLACES = {33: (0.121, 0.214), 133: (0.334, 0.229), 362: (0.646, 0.229), 263: (0.860, 0.214), 2: (0.490, 0.628)}
_PADDING = 0.25  # of the unit square, on every side

Embeddings = NDArray[np.float64]  # (n, 128)


class Closeness(NamedTuple):
    """Of two embeddings.

    Attributes:
        cosine: of the angle between them, -1..1.
        distance: Euclidean; below 0.6 it is the same person.
    """

    cosine: float
    distance: float


class Identity:
    """Embeddings of faces.

    Args:
        network: ready for inference.
    """

    def __init__(self, network: IdentityNetwork) -> None:
        self._network = network

    @torch.no_grad()
    def embed(self, pictures: Pictures, meshes: Meshes) -> Embeddings:
        """Embeddings (n, 128) of the faces in pictures.

        Args:
            pictures: (n, N, N, 3) uint8 RGB.
            meshes: (n, 478, 3) in crop coordinates.
        """
        chips = np.stack([face_chip(picture, mesh) for picture, mesh in zip(pictures, meshes, strict=True)])
        device = next(self._network.parameters()).device
        tensor = torch.from_numpy(chips).to(device).permute(0, 3, 1, 2).float()
        embeddings: Embeddings = self._network(tensor).cpu().numpy().astype(np.float64)
        return embeddings


def face_chip(picture: NDArray[np.uint8], mesh: Meshes) -> NDArray[np.uint8]:
    """The face as the network wants it: (150, 150, 3), upright, eyes and nose at fixed places.

    dlib fits a similarity to its 5 landmarks; here the mesh points at the same places take their part.

    Args:
        picture: (N, N, 3).
        mesh: (478, 3) in crop coordinates.
    """
    side = len(picture)
    points = (mesh[list(_PLACES), :2] + 1) * side / 2 - 0.5
    places = (np.array(list(_PLACES.values())) + _PADDING) / (1 + 2 * _PADDING) * CHIP_SIZE - 0.5
    matrix, size = similarity(points, places), (CHIP_SIZE, CHIP_SIZE)
    chip = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return chip.astype(np.uint8, copy=False)


def similarity(points: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale, rotation and shift that bring points to places best (least squares), as a matrix (2, 3)."""
    a = (points - points.mean(0)) @ [1, 1j]
    b = (places - places.mean(0)) @ [1, 1j]
    turn = np.vdot(a, b) / max(float(np.vdot(a, a).real), 1e-12)
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    shift = places.mean(0) - linear @ points.mean(0)
    return np.concatenate([linear, shift[:, None]], axis=1)


def closeness(a: NDArray[np.float64], b: NDArray[np.float64]) -> Closeness:
    """Of two embeddings, (128,) each."""
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return Closeness(float(a @ b) / lengths if lengths else math.nan, float(np.linalg.norm(a - b)))
