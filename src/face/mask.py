"""The soft-edged square that hides the seam of the paste-back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MASK_SIZE = 512
_EDGE = 16  # pixels over which the mask rises from 0 to 255


def mask_template() -> NDArray[np.uint8]:
    """The official mask, computed: (512, 512) uint8, 255 inside, falling to 0 at the border with round corners.

    Equal to the official `mask_template.png` in every pixel (spec: pipeline, section 18.1).
    """
    i = np.arange(MASK_SIZE)
    outside = np.maximum(np.maximum(_EDGE - i, i - (MASK_SIZE - _EDGE)), 0)
    distance = np.hypot(outside[None, :], outside[:, None])
    return np.floor(255 * np.clip(1 - distance / _EDGE, 0, 1)).astype(np.uint8)
