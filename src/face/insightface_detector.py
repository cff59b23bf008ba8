"""The official face stack: SCRFD, 106 points for still pictures, 203 points for ratios and clips."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import InputError
from .boxes import box_areas, box_of
from .face import Face, Rgb, Scheme
from .landmark106 import Landmark106
from .landmark203 import Landmark203
from .network import Network, open_network
from .sampling import check_rgb
from .scrfd import Scrfd


class InsightfaceDetector:
    """Finds faces as the official code does, with its networks from ONNX files (spec: pipeline, sections 5.1, 5.2).

    The networks' licence allows non-commercial research only.

    Args:
        detection: the network `det_10g`.
        points106: the network `2d106det`.
        points203: the network `landmark`.
        threshold: least score of a detection, 0..1.
    """

    name = "insightface"

    def __init__(self, detection: Network, points106: Network, points203: Network, threshold: float = 0.15) -> None:
        self._scrfd = Scrfd(detection, threshold=threshold)
        self._landmark106 = Landmark106(points106)
        self._landmark203 = Landmark203(points203)

    @classmethod
    def open(cls, files: Mapping[str, Path], device: str = "cpu", threshold: float = 0.15) -> InsightfaceDetector:
        """Open the networks' files.

        Args:
            files: `detector` (det_10g), `landmarks106` (2d106det) and `landmarks203` (landmark), as catalogued.
            device: "cpu" or "cuda:N".
            threshold: least score of a detection, 0..1.

        Raises:
            WeightsError: a file is missing or cannot be used.
        """
        detection, points106, points203 = (
            open_network(files[role], device) for role in ("detector", "landmarks106", "landmarks203")
        )
        return cls(detection, points106, points203, threshold)

    def detect(self, rgb: Rgb) -> list[Face]:
        """All faces of a picture (H, W, 3) uint8 RGB, largest first; an empty list when there is none.

        Raises:
            InputError: not a picture.
        """
        check_rgb(rgb)
        boxes, _ = self._scrfd(rgb)
        largest_first = np.argsort(-box_areas(boxes[:, :4]), kind="stable")
        return [self._describe(rgb, row) for row in boxes[largest_first]]

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The same face in the next frame; None when its landmarks have collapsed or left the picture.

        The network does not tell whether it sees a face.

        Raises:
            InputError: not a picture.
        """
        check_rgb(rgb)
        try:
            points = self._landmark203(rgb, previous.landmarks, previous.scheme)
        except InputError:
            return None
        box = box_of(points)
        height, width = rgb.shape[:2]
        seen = np.isfinite(points).all() and (box[2:] > 0).all() and (box[:2] < (width, height)).all()
        return Face(box, previous.score, points, Scheme.LMK203) if seen else None

    def _describe(self, rgb: Rgb, row: np.ndarray) -> Face:
        box, score = row[:4], float(row[4])
        points106 = self._landmark106(rgb, box)
        points203 = self._landmark203(rgb, points106, Scheme.LMK106)
        return Face(box, score, points203, Scheme.LMK203, points106, Scheme.LMK106)
