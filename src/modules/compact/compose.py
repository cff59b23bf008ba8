"""From the compact networks' small maps to the picture: the only steps at the picture's full size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .aperture import paint_map
from .grid import centre_grid


def warp_picture(picture: Tensor, flow: Tensor) -> Tensor:
    """Sample a picture where the flow points; beyond the border its last pixels are repeated.

    Args:
        picture: one for all frames (1, 3, N, N), or (B, 3, N, N).
        flow: (B, 2, S, S) in crop coordinates; it is enlarged to N.

    Returns:
        (B, 3, N, N).
    """
    size = picture.shape[2:]
    flow = F.interpolate(flow, size=size, mode="bilinear", align_corners=False).permute(0, 2, 3, 1)  # (B, N, N, 2)
    picture = picture.expand(flow.shape[0], *picture.shape[1:])
    position = centre_grid(*size, like=flow) + flow
    return F.grid_sample(picture, position, padding_mode="border", align_corners=False)


def compose(
    picture: Tensor, flow: Tensor, residual: Tensor, paint: Tensor, kp_driving: Tensor, kp_source: Tensor
) -> Tensor:
    """Warp the source picture, paint over what it cannot show, and add the residual.

    Args:
        picture: source crop, RGB in 0..1: one for all frames (1, 3, N, N), or (B, 3, N, N). N is any multiple of n.
        flow: of W, (B, 2, S, S).
        residual: of G, (B, 3, n, n).
        paint: of G, (B, 3, n, n).
        kp_driving: (B, 21, 3) in crop coordinates.
        kp_source: (1, 21, 3) or (B, 21, 3).

    Returns:
        (B, 3, N, N), RGB, not clamped: the residual may reach a little beyond 0..1.
    """
    return finish(warp_picture(picture, flow), residual, paint, kp_driving, kp_source)


def finish(warped: Tensor, residual: Tensor, paint: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    """The second half of `compose`: from the warped picture (B, 3, N, N) on."""
    size = warped.shape[-1]
    share = paint_map(kp_driving, kp_source.expand_as(kp_driving), size)
    return torch.lerp(warped, _enlarge(paint, size), share) + _enlarge(residual, size)


def _enlarge(y: Tensor, size: int) -> Tensor:
    if y.shape[-1] == size:
        return y
    return F.interpolate(y, size=(size, size), mode="bicubic", align_corners=False)
