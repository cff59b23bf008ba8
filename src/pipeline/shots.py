"""Where a driver is cropped: one square for the whole clip, or one for each of its shots.

The original averages the places of the face over all frames. Where a cut leads to somebody elsewhere in the picture,
that square shows neither of them, and the portrait would be torn towards the new place; there each shot has its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..face.boxes import box_overlap
from ..face.crop import average_box, box_matrix
from .framing import CROP_SIZE

Box = NDArray[np.floating]

_SAME_PLACE = 0.8  # overlap of a shot's square with that of the clip: moved by a fifth of it, or larger by a quarter


def clip_box(places: Box, frames: NDArray[np.integer], shots: NDArray[np.integer]) -> Box:
    """The fixed square of a clip (spec: pipeline, section 5.5), or a row for every frame where its shots differ.

    Args:
        places: left, top, right, bottom of the face's square where it is shown, (F, 4).
        frames: the indices of these frames, (F,).
        shots: number of the shot that each frame of the clip belongs to, (n,).

    Returns:
        (4,), or (n, 4); shots without a face have the average of all.
    """
    whole = average_box(places)
    own = {int(shot): average_box(places[shots[frames] == shot]) for shot in np.unique(shots[frames])}
    if box_overlap(whole, np.stack(list(own.values()))).min() >= _SAME_PLACE:
        return whole
    return np.stack([own.get(int(shot), whole) for shot in shots])


def box_at(box: Box, frame: int) -> Box:
    """The square (4,) of one frame; past the end that of the last one."""
    return box if box.ndim == 1 else box[min(frame, len(box) - 1)]


def box_matrices(box: Box, frames: NDArray[np.integer]) -> NDArray[np.float32]:
    """From pixels of the frame to those of its 512 crop: (3, 3), or (F, 3, 3) where the frames differ."""
    if box.ndim == 1:
        return box_matrix(box, dsize=CROP_SIZE)
    return np.stack([box_matrix(row, dsize=CROP_SIZE) for row in box[frames]])
