"""`Clip`: a shot of the training format as it is measured, in the nominal crop at 256 pixels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..motion.mesh import motion_from_meshes
from ..motion.motion import Motion
from ..training.data.index import IndexRow
from ..training.data.shot import Shot
from ..training.prepare.crop import NOMINAL

SIDE = 256  # pixels at which everything is measured

Pictures = NDArray[np.uint8]  # (n, 256, 256, 3) RGB
Meshes = NDArray[np.float64]  # (n, 478, 3) in crop coordinates of the nominal crop


class Clip:
    """One shot; frames are decoded when asked for.

    Args:
        row: of the index.
        data: the training folder.

    Raises:
        InputError: its file cannot be read.
    """

    def __init__(self, row: IndexRow, data: Path) -> None:
        self.name, self.identity, self.kind = row.name, row.identity, row.kind
        self._shot = Shot(row.path(data))
        # the stored picture reaches beyond the nominal crop on all sides alike, so coordinates only grow
        self.meshes: Meshes = self._shot.meshes.astype(np.float64) / NOMINAL

    def __len__(self) -> int:
        return len(self._shot)

    @cached_property
    def motion(self) -> Motion:
        """Motion of all frames by the mesh: one canonical face for the whole clip."""
        return motion_from_meshes(self.meshes)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Number of each frame in the video that it came from, (T,)."""
        return self._shot.frames

    def pictures(self, frames: Sequence[int]) -> Pictures:
        """Frames in the nominal crop, (n, 256, 256, 3) uint8.

        Raises:
            InputError: a frame cannot be decoded.
        """
        return np.stack([nominal_crop(self._shot.picture(frame)) for frame in frames])


def nominal_crop(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a stored picture (N, N, 3) that is the nominal crop, (256, 256, 3)."""
    size = len(picture)
    side = round(size * NOMINAL)
    start = (size - side) // 2
    middle = picture[start : start + side, start : start + side]
    if side == SIDE:
        return np.ascontiguousarray(middle)
    return shrunk_to(middle, SIDE)


def shrunk_to(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A square picture at another size: by area if it shrinks, bicubic if it grows."""
    how = cv2.INTER_AREA if len(picture) > side else cv2.INTER_CUBIC
    return cv2.resize(picture, (side, side), interpolation=how).astype(np.uint8, copy=False)
