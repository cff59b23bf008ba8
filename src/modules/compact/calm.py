"""Calm surroundings: no trembling background, and no seam where the crop is pasted back."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from .face_ellipse import face_mask
from .grid import cell_centres

ROUNDS, WINDOW = 3, 7  # box filters in a row are nearly a Gaussian
_BORDER = 0.2  # width of the fade at the crop's border, a tenth of its side


def calm(flow: Tensor, kp_driving: Tensor) -> Tensor:
    """Smooth a flow outside the face, and fade it to zero towards the crop's border.

    Args:
        flow: (B, 2, S, S) in crop coordinates.
        kp_driving: (B, 21, 3), or more; they place the face.

    Returns:
        (B, 2, S, S).
    """
    size, margin = flow.shape[-1], WINDOW // 2
    smooth, inside = flow, face_mask(kp_driving, size)
    for _ in range(ROUNDS):
        smooth = F.avg_pool2d(F.pad(smooth, (margin,) * 4, mode="replicate"), WINDOW, stride=1)
    return flow * inside + smooth * border_fade(flow.shape[-1], flow) * (1 - inside)


def border_fade(size: int, like: Tensor) -> Tensor:
    """0 at the crop's border, rising smoothly to 1 further inside, (S, S)."""
    nearness = 1 - cell_centres(size, like).abs()  # distance to the border along one axis
    ramp = (nearness[:, None].minimum(nearness) / _BORDER).clamp(max=1)
    return ramp**2 * (3 - 2 * ramp)
