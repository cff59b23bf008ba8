"""The soft-edged square that hides the seam of the paste-back."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

MASK_SIZE = 512
OFFICIAL_EDGE = 16  # pixels over which the official mask rises from 0 to 255
WIDEST_EDGE = 200  # beyond it hardly anything of the crop would be left whole


@lru_cache(maxsize=4)  # a source video asks for the same one at every frame
def mask_template(edge: int = OFFICIAL_EDGE) -> NDArray[np.uint8]:
    """The official mask, computed: 255 inside, falling to 0 at the border with round corners.

    Equal to the official `mask_template.png` in every pixel at the official edge (spec: pipeline, section 18.1).

    Args:
        edge: width of the soft edge in pixels of the 512 crop, 1..200; 16 is the official one.

    Returns:
        (512, 512) uint8, read-only.

    Raises:
        InputError: an edge that is narrower or wider.
    """
    if not 1 <= edge <= WIDEST_EDGE:
        raise InputError(f"the soft edge of a pasted crop must be 1 to {WIDEST_EDGE} pixels wide, got {edge}")
    i = np.arange(MASK_SIZE)
    outside = np.maximum(np.maximum(edge - i, i - (MASK_SIZE - edge)), 0)
    distance = np.hypot(outside[None, :], outside[:, None])
    mask = np.floor(255 * np.clip(1 - distance / edge, 0, 1)).astype(np.uint8)
    mask.flags.writeable = False
    return mask
