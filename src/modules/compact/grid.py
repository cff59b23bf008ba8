"""Coordinates of the cells of a map, in the crop's units: x right, y down, -1..1 over the crop's edges.

Convention: cell centres everywhere (``align_corners=False``), so maps of all sizes lie over each other. The faithful
networks keep the original's mixed conventions, which at 16 cells would be a visible zoom.
"""

from __future__ import annotations

import torch
from torch import Tensor


def cell_centres(n: int, like: Tensor) -> Tensor:
    """Centres of n cells that divide -1..1, (n,), on the device and in the precision of `like`."""
    return torch.arange(1 - n, n, 2, device=like.device, dtype=like.dtype) / n


def centre_grid(*size: int, like: Tensor) -> Tensor:
    """Centres of all cells: size (H, W) -> (H, W, 2) as x, y; size (D, H, W) -> (D, H, W, 3) as x, y, z."""
    axes = [cell_centres(n, like) for n in size]
    return torch.stack(torch.meshgrid(*axes, indexing="ij")[::-1], -1)


def along(direction: Tensor, origin: Tensor, size: int) -> Tensor:
    """How far each cell lies in a direction: ``(centre - origin) . direction``.

    Args:
        direction: (..., 2); its length is the unit's reciprocal.
        origin: (..., 2).
        size: side of the map.

    Returns:
        (..., size, size).
    """
    offset = (cell_centres(size, origin) - origin[..., None]) * direction[..., None]  # (..., 2, size)
    return offset[..., 0, None, :] + offset[..., 1, :, None]
