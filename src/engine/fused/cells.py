"""`cells`: maps cut into squares, as a view."""

from __future__ import annotations

from torch import Tensor


def cells(x: Tensor, side: int) -> Tensor:
    """Cut maps or volumes (..., H, W, C) into cells: (..., H / side, side, W / side, side, C)."""
    return x.unflatten(-2, (-1, side)).unflatten(-4, (-1, side))
