"""SCRFD (`det_10g.onnx`), the face detector of the official stack: what happens before and after its network."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .face import Rgb
from .landmarks import Floats
from .network import Network, to_blob

_STRIDES = (8, 16, 32)
_ANCHORS = 2  # in each cell
_OVERLAP = 0.4


class Scrfd:
    """Finds faces (spec: pipeline, section 5.1).

    Args:
        network: (1, 3, size, size) -> nine arrays: scores, boxes and keypoints, each for the strides 8, 16 and 32.
        size: side of the input in pixels.
        threshold: least score of a find.
    """

    def __init__(self, network: Network, size: int = 512, threshold: float = 0.15) -> None:
        self._network = network
        self._size = size
        self._threshold = threshold

    def __call__(self, rgb: Rgb, limit: int = 0) -> tuple[Floats, Floats]:
        """Faces of a picture (H, W, 3) uint8, best score first.

        Args:
            rgb: the picture.
            limit: keep at most so many, the large and central ones; 0 keeps all.

        Returns:
            (N, 5) float32 boxes left, top, right, bottom and score, and (N, 5, 2) keypoints, in pixels.
        """
        canvas, scale = self._letterbox(rgb)
        rows = self._decode(self._network(to_blob(canvas[None], 127.5, 128.0)))
        rows[:, :14] /= np.float32(scale)
        rows = rows[np.argsort(-rows[:, 14], kind="stable")]
        rows = rows[_suppress(rows)]
        if 0 < limit < len(rows):
            rows = rows[_most_prominent(rows, rgb.shape[:2], limit)]
        return rows[:, [0, 1, 2, 3, 14]], rows[:, 4:14].reshape(-1, 5, 2)

    def _letterbox(self, rgb: Rgb) -> tuple[Rgb, float]:
        """The picture in the upper left corner of a black square, and how much it was scaled."""
        size, (height, width) = self._size, rgb.shape[:2]
        if height > width:
            new_height, new_width = size, int(size / (height / width))
        else:
            new_height, new_width = int(size * (height / width)), size
        new_height, new_width = max(new_height, 1), max(new_width, 1)
        canvas = np.zeros((size, size, 3), np.uint8)
        canvas[:new_height, :new_width] = cv2.resize(rgb, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
        return canvas, new_height / height

    def _decode(self, outputs: list[NDArray[np.float32]]) -> Floats:
        """Finds above the threshold: box, five keypoints, score; (N, 15) in pixels of the network's input."""
        found = []
        for level, stride in enumerate(_STRIDES):
            scores, boxes, keypoints = (
                outputs[level + offset].reshape(-1, n) for offset, n in ((0, 1), (3, 4), (6, 10))
            )
            kept = scores[:, 0] >= self._threshold
            centers = _anchor_centers(self._size // stride, stride)[kept]  # (K, 2)
            boxes, keypoints = boxes[kept] * stride, keypoints[kept] * stride
            corners = [centers - boxes[:, :2], centers + boxes[:, 2:]]
            found.append(np.concatenate([*corners, np.tile(centers, 5) + keypoints, scores[kept]], axis=1))
        return np.concatenate(found).astype(np.float32)


def _anchor_centers(cells: int, stride: int) -> Floats:
    """Upper left corners of the cells, row by row, each as often as it has anchors, (N, 2)."""
    y, x = np.mgrid[:cells, :cells].astype(np.float32) * stride
    return np.stack([x.ravel(), y.ravel()], 1).repeat(_ANCHORS, axis=0)


def _suppress(rows: Floats) -> list[int]:
    """Numbers of the finds that no better one overlaps; the official pixel-counting areas."""
    low, high = rows[:, :2], rows[:, 2:4]
    areas = (high - low + 1).prod(1)
    kept, rest = [], np.arange(len(rows))
    while len(rest):
        best, rest = rest[0], rest[1:]
        kept.append(int(best))
        shared = np.maximum(np.minimum(high[best], high[rest]) - np.maximum(low[best], low[rest]) + 1, 0).prod(1)
        rest = rest[shared / (areas[best] + areas[rest] - shared) <= _OVERLAP]
    return kept


def _most_prominent(rows: Floats, picture: tuple[int, int], limit: int) -> NDArray[np.intp]:
    """Numbers of the `limit` best finds by area, less twice the squared distance from the picture's centre."""
    areas = (rows[:, 2] - rows[:, 0]) * (rows[:, 3] - rows[:, 1])
    off_center = (rows[:, :2] + rows[:, 2:4]) / 2 - np.array([picture[1] // 2, picture[0] // 2])
    return np.argsort(-(areas - 2 * (off_center**2).sum(1)), kind="stable")[:limit]
