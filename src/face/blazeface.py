"""BlazeFace, MediaPipe's face detector: a box and six points for every face of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .boxes import box_overlap
from .face import Rgb
from .landmarks import Floats
from .network import Network, to_blob
from .sampling import Region

RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)  # the subject's right is the picture's left
_OVERLAP = 0.3
_LARGEST_LOGIT = 80.0


@dataclass(frozen=True, eq=False)
class Detection:
    """One find.

    Attributes:
        box: left, top, right, bottom, (4,) float32 pixels.
        keypoints: right eye, left eye, nose tip, mouth, right ear, left ear, (6, 2) float32 pixels.
        score: 0..1.
    """

    box: Floats
    keypoints: Floats
    score: float


@dataclass(frozen=True)
class BlazeFaceLayout:
    """The anchors of one of the two networks.

    Attributes:
        size: side of the input in pixels.
        grids: cells along a side and anchors in a cell, for every layer.
    """

    size: int
    grids: tuple[tuple[int, int], ...]

    def anchors(self) -> Floats:
        """Centres of the cells as fractions of the input, (N, 2), in the order of the network's rows."""
        return np.concatenate([_cell_centers(cells, count) for cells, count in self.grids])


SHORT_RANGE = BlazeFaceLayout(128, ((16, 2), (8, 6)))
FULL_RANGE = BlazeFaceLayout(192, ((48, 1),))


class BlazeFace:
    """Finds faces with one of MediaPipe's two detectors.

    Args:
        network: (1, 3, size, size) in -1..1 -> boxes and keypoints (1, N, 16), logits (1, N, 1), in either order.
        layout: `SHORT_RANGE` for faces that fill much of the picture, `FULL_RANGE` for smaller ones.
        threshold: least score of a find.
    """

    def __init__(self, network: Network, layout: BlazeFaceLayout, threshold: float = 0.5) -> None:
        self._network = network
        self._size = layout.size
        self._anchors = layout.anchors()
        self._threshold = threshold

    def __call__(self, rgb: Rgb) -> list[Detection]:
        """All faces of a picture (H, W, 3) uint8, best score first."""
        height, width = rgb.shape[:2]
        letterbox = Region(np.array([width / 2, height / 2]), max(height, width))
        image = letterbox.sample(rgb, self._size, border=cv2.BORDER_CONSTANT)
        outputs = self._network(to_blob(image[None], 127.5, 127.5))
        rows, logits = sorted(outputs, key=lambda output: output.shape[-1], reverse=True)
        return self._decode(rows[0], logits[0, :, 0], letterbox)

    def _decode(self, rows: Floats, logits: Floats, letterbox: Region) -> list[Detection]:
        scores = 1 / (1 + np.exp(-np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT)))
        kept = scores >= self._threshold
        rows, anchors = rows[kept] / np.float32(self._size), self._anchors[kept]
        center, half = rows[:, :2] + anchors, rows[:, 2:4] / 2
        points = rows[:, 4:].reshape(-1, 6, 2) + anchors[:, None]  # (K, 6, 2)
        points = np.concatenate([(center - half)[:, None], (center + half)[:, None], points], axis=1)  # (K, 8, 2)
        finds = []
        for found, score in zip(points, scores[kept], strict=True):
            placed = letterbox.to_picture(found)
            finds.append(Detection(placed[:2].reshape(4), placed[2:], float(score)))
        return weighted_nms(finds)


def weighted_nms(finds: list[Detection], overlap: float = _OVERLAP) -> list[Detection]:
    """Merge finds of the same face: the best find's neighbours are averaged with it, weighted by score.

    Args:
        finds: any number, in any order.
        overlap: finds of a larger intersection over union with the best one are the same face.

    Returns:
        One find a face with the best one's score, best first.
    """
    rest = sorted(finds, key=lambda find: find.score, reverse=True)
    merged = []
    while rest:
        best = rest[0]
        overlaps = box_overlap(best.box, np.stack([find.box for find in rest]))
        overlaps[0] = 1.0  # a box without area overlaps nothing, not even itself
        same = [find for find, value in zip(rest, overlaps, strict=True) if value > overlap]
        rest = [find for find, value in zip(rest, overlaps, strict=True) if value <= overlap]
        weights = np.array([find.score for find in same], np.float32)
        weights /= weights.sum()
        box = np.tensordot(weights, np.stack([find.box for find in same]), 1)
        keypoints = np.tensordot(weights, np.stack([find.keypoints for find in same]), 1)
        merged.append(Detection(box, keypoints, best.score))
    return merged


def _cell_centers(cells: int, count: int) -> Floats:
    axis = (np.arange(cells, dtype=np.float32) + 0.5) / cells
    y, x = np.meshgrid(axis, axis, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], 1).repeat(count, axis=0).astype(np.float32)
