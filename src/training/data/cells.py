"""Where the cells of a row or of a square are, in crop units: -1..1 from edge to edge."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def cell_centres(n: int, dtype: type[np.floating] = np.float64) -> NDArray[Any]:
    """Centres of n cells that divide -1..1, (n,)."""
    return np.asarray(np.arange(1 - n, n, 2, dtype=dtype) / n, dtype)


def cell_grid(n: int, dtype: type[np.floating] = np.float64) -> NDArray[Any]:
    """Centres of the n x n cells of a square, (n, n, 2) as x, y."""
    side = cell_centres(n, dtype)
    return np.stack(np.meshgrid(side, side), -1)
