"""MediaPipe's face mesh with attention: 478 points of a face, irises included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .blazeface import LEFT_EYE, RIGHT_EYE, Detection
from .face import Points, Rgb
from .landmarks import Floats
from .network import Network, open_network, to_blob
from .sampling import Region

FILE = "face_landmark_with_attention.onnx"
PRESENT = 0.5  # a flag above it means a face
_SIZE = 192
_MARGIN = 1.5  # side of the region over the longer side of the face's box
_SETTLED = 0.05  # a region that moves or grows by less than this part of its side stays as it is
_MOST_LOOKS = 3
_EYE_CORNERS = (33, 263)  # outer corners, picture left and right
_NOMINAL_CENTER, _NOMINAL_SIDE = (128 / 256, 158 / 256), 200 / 256  # of the face in the official crop


@dataclass(frozen=True, eq=False)
class Mesh:
    """The network's answer for one region.

    Attributes:
        landmarks: (478, 3) float32 pixels of the picture; z larger = farther.
        flag: probability that the region shows a face, 0..1.
    """

    landmarks: Points
    flag: float


class FaceMesh:
    """Finds the 478 points of faces whose place is roughly known.

    Args:
        network: (N, 3, 192, 192) in 0..1 -> landmarks (N, 478, 3) in input pixels, logits (N, 1).
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    @classmethod
    def open(cls, folder: Path, device: str = "cpu") -> FaceMesh:
        """The network of the folder that ships with the project.

        Args:
            folder: holds `face_landmark_with_attention.onnx`.
            device: "cpu" or "cuda:N".

        Raises:
            WeightsError: the file is missing or cannot be used.
        """
        return cls(open_network(Path(folder) / FILE, device, ["landmarks478", "face_flag"]))

    def __call__(self, rgb: Rgb, regions: Sequence[Region]) -> list[Mesh]:
        """Meshes of all regions of a picture (H, W, 3) uint8, in one batch."""
        if not regions:
            return []
        images = np.stack([region.sample(rgb, _SIZE, border=cv2.BORDER_REPLICATE) for region in regions])
        landmarks, logits = self._network(to_blob(images, 0.0, 255.0))
        flags = 1 / (1 + np.exp(-logits.reshape(-1).astype(np.float64)))
        return [
            Mesh(_placed(points / _SIZE, region), float(flag))
            for points, region, flag in zip(landmarks, regions, flags, strict=True)
        ]

    def settle(self, rgb: Rgb, regions: Sequence[Region]) -> list[Mesh]:
        """Meshes of all regions, each looked at again where it follows from the mesh until it holds still.

        The mesh of a face that is not in the middle of its region is squeezed, with a flag that stays high. That
        happens after a quick movement and with a detector's coarse box; otherwise the first look is the last.
        """
        regions = list(regions)
        meshes = self(rgb, regions)
        for _ in range(_MOST_LOOKS - 1):
            next_regions = [region_of_mesh(mesh.landmarks) for mesh in meshes]
            moving = [i for i, (old, new) in enumerate(zip(regions, next_regions, strict=True)) if _differ(old, new)]
            for i, mesh in zip(moving, self(rgb, [next_regions[i] for i in moving]), strict=True):
                regions[i], meshes[i] = next_regions[i], mesh
        return meshes


def region_of_detection(find: Detection) -> Region:
    """Where the mesh of a detected face is looked for: around its box, turned so that the eyes are level."""
    left, top, right, bottom = find.box
    return Region(
        np.array([left + right, top + bottom]) / 2,
        _MARGIN * float(max(right - left, bottom - top)),
        _direction(find.keypoints[RIGHT_EYE], find.keypoints[LEFT_EYE]),
    )


def region_of_mesh(landmarks: Points) -> Region:
    """Where the mesh of the next frame is looked for: around the last one, turned so that the eyes are level."""
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    first, second = _EYE_CORNERS
    angle = _direction(landmarks[first], landmarks[second])
    return Region((low + high) / 2, _MARGIN * float((high - low).max()), angle)


def mesh_of_crop(face_mesh: FaceMesh, crop: Rgb) -> Points | None:
    """The mesh of a face in the official framing, without a detector.

    One look at where the crop shows the face by construction, and a second one at the region that follows from it.

    Args:
        face_mesh: the network.
        crop: (H, W, 3) uint8, a square crop of any size.

    Returns:
        (478, 3) float32 pixels of the crop, or None if neither look saw a face.
    """
    height, width = crop.shape[:2]
    nominal = Region(np.array(_NOMINAL_CENTER) * (width, height), _NOMINAL_SIDE * max(width, height))
    (first,) = face_mesh(crop, [nominal])
    (second,) = face_mesh(crop, [region_of_mesh(first.landmarks)])
    return None if max(first.flag, second.flag) < PRESENT else second.landmarks


def _placed(fractions: Floats, region: Region) -> Points:
    z = fractions[:, 2:] * region.side
    return np.concatenate([region.to_picture(fractions[:, :2]), z], axis=1).astype(np.float32)


def _differ(old: Region, new: Region) -> bool:
    change = max(float(np.abs(new.center - old.center).max()), abs(new.side - old.side))
    return change > _SETTLED * old.side


def _direction(start: Floats, end: Floats) -> float:
    return float(np.arctan2(end[1] - start[1], end[0] - start[0]))
