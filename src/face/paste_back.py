"""Paste an animated crop back into its frame.

What depends on the crop's place alone is prepared once, so that a frame costs one warp, one masked copy and the
arithmetic of the mask's soft edge.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .face import Rgb
from .landmarks import Floats
from .mask import MASK_SIZE, OFFICIAL_EDGE, mask_template

# A warp that stops short of the frame's right border gives the same bits only at whole vectors of pixels.
_VECTOR = 64


class PasteBack:
    """Pastes crops into frames at one fixed place (spec: pipeline, section 12).

    Equal in every pixel to blending the whole frame, `clip(mask * warped + (1 - mask) * frame)` in float32, cut to
    uint8; only the pixels where that changes anything are touched.

    Args:
        M_c2o: (3, 3) matrix from the 512 crop to the frame.
        frame_size: height and width of the frame.
        edge: width of the mask's soft edge in pixels of the 512 crop, 1..200; 16 is the official one.
        share: what part of each pixel of the frame may be pasted over, (H, W) float32, 0..1; None = all of it.

    Raises:
        InputError: an edge that is narrower or wider.
    """

    def __init__(
        self,
        M_c2o: Floats,
        frame_size: tuple[int, int],
        *,
        edge: int = OFFICIAL_EDGE,
        share: Floats | None = None,
    ) -> None:
        self._matrix = np.asarray(M_c2o, np.float64)
        self._frame_size = (int(frame_size[0]), int(frame_size[1]))
        self._reach = _reach(self._matrix, self._frame_size)
        mask = _warp(mask_template(edge), self._matrix, self._reach)
        if share is not None:
            mask = (mask * share[: mask.shape[0], : mask.shape[1]]).astype(np.uint8)
        left, top, width, height = cv2.boundingRect(mask)
        self._window = (slice(top, top + height), slice(left, left + width))
        self._inside = (mask[self._window] == 255).astype(np.uint8)
        rows, columns = np.nonzero((mask > 0) & (mask < 255))
        self._edge_in_warp = rows * self._reach[0] + columns  # (K,) positions in the flat array of pixels
        self._edge_in_frame = rows * self._frame_size[1] + columns
        weight = mask[rows, columns].astype(np.float32) / 255
        self._edge_weight = np.repeat(weight[:, None], 3, axis=1)  # (K, 3)

    def mask(self) -> Floats:
        """The weight of the crop at every pixel of the frame, (H, W) float32, 0..1."""
        whole = np.zeros(self._frame_size, np.float32)
        whole[self._window] = self._inside
        whole.reshape(-1)[self._edge_in_frame] = self._edge_weight[:, 0]
        return whole

    def paste(self, crop: Rgb, frame: Rgb) -> Rgb:
        """A copy of the frame with the crop in its place.

        Args:
            crop: (n, n, 3) uint8, any size n: what the 512 crop shows.
            frame: (H, W, 3) uint8.

        Raises:
            InputError: the frame's size is not the one that was prepared.
        """
        if frame.shape[:2] != self._frame_size:
            height, width = self._frame_size
            raise InputError(f"prepared to paste into frames of {width}x{height}, got an array {frame.shape}")
        pasted = np.array(frame, order="C")
        if not self._inside.size:
            return pasted
        warped = _warp(crop, self._matrix @ _to_512(crop.shape[0]), self._reach)
        cv2.copyTo(warped[self._window], self._inside, pasted[self._window])
        old = frame.reshape(-1, 3).take(self._edge_in_frame, axis=0)  # (K, 3)
        new = warped.reshape(-1, 3).take(self._edge_in_warp, axis=0)
        blended = self._edge_weight * new + (1 - self._edge_weight) * old
        # A pixel written as one item of three bytes: twice as fast as three items.
        pixels = pasted.reshape(-1, 3).view("V3")
        pixels[self._edge_in_frame] = np.clip(blended, 0, 255).astype(np.uint8).view("V3")
        return pasted


def _to_512(size: int) -> NDArray[np.float64]:
    """Pixel centres of a crop of any size to those of the 512 crop."""
    k = MASK_SIZE / size
    return np.array([[k, 0, (k - 1) / 2], [0, k, (k - 1) / 2], [0, 0, 1]])


def _reach(matrix: NDArray[np.float64], frame_size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the frame's upper left part that holds the pasted square."""
    height, width = frame_size
    corners = np.array([[-1, -1], [MASK_SIZE, -1], [MASK_SIZE, MASK_SIZE], [-1, MASK_SIZE]], np.float64)
    right, bottom = np.ceil((corners @ matrix[:2, :2].T + matrix[:2, 2]).max(0)) + 1
    columns = -(-int(np.clip(right, 1, width)) // _VECTOR) * _VECTOR
    return min(columns, width), int(np.clip(bottom, 1, height))


def _warp(image: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Bilinear, black outside; `size` is (width, height)."""
    # The matrix is rounded to float32, as the official one is.
    warped = cv2.warpAffine(image, matrix[:2].astype(np.float32), size, flags=cv2.INTER_LINEAR)
    return warped.astype(np.uint8, copy=False)
