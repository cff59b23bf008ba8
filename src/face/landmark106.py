"""The 106 points of the official stack (`2d106det.onnx`), from which the crop of a still picture is computed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .face import Rgb
from .landmarks import Floats
from .network import Network, to_blob

_SIZE = 192
_MARGIN = 1.5  # side of the window over the longer side of the face's box


class Landmark106:
    """Finds 106 points of a detected face (spec: pipeline, section 5.1).

    Args:
        network: (1, 3, 192, 192) RGB in 0..255 -> (1, 212) in -1..1 of the window.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    def __call__(self, rgb: Rgb, box: NDArray[np.floating]) -> Floats:
        """Points (106, 2) float32 in pixels of a picture (H, W, 3) uint8; `box` is left, top, right, bottom."""
        scale = _SIZE / (_MARGIN * max(float((box[2:4] - box[:2]).max()), 1.0))
        corner = (box[:2] + box[2:4]) / 2 - _SIZE / 2 / scale  # of the window, in the picture
        matrix = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]], np.float64)
        window = cv2.warpAffine(rgb, matrix, (_SIZE, _SIZE), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
        output = self._network(to_blob(window[None], 0.0, 1.0))[0].reshape(-1, 2)
        return ((output + 1) * (_SIZE / 2) / scale + corner).astype(np.float32)
