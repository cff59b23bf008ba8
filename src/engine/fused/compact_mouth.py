"""The texture of the compact model's mouth, drawn in its neighbourhood only: its soft edge vanishes close by."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ...modules.compact.ellipses import Ellipses, mouth_ellipse
from ...modules.compact.grid import cell_centres
from ...modules.compact.mouth_texture import REACH, MouthTexture, face_colours

_WHITE = 255.0
_COLOURS = 3
_LEAST = 2e-5  # share of the texture that is not seen: 0.005 of 255
_TINY = 1e-12


class FusedMouth:
    """Computes what `MouthTexture.over` computes, in place.

    Args:
        texture: with its weights, ready for inference.
    """

    def __init__(self, texture: MouthTexture) -> None:
        self._texture = texture

    def __call__(self, paint: Tensor, warped: Tensor, kp: Tensor) -> None:
        """Mix the texture into G's paint.

        Args:
            paint: (B, N, N, 4) in levels of 255.
            warped: the warped picture, (B, n, n, 3 or 4) RGB in -1..1.
            kp: of the driving frames, (B, 21, 3).
        """
        ellipses, size = mouth_ellipse(kp), paint.shape[1]
        first, sides = _windows(ellipses, size, self._texture.share)
        if not all(sides):
            return
        colours = face_colours(warped.permute(0, 3, 1, 2)[:, :_COLOURS], kp) / 2 + 0.5
        texture = self._texture(colours, kp) * _WHITE
        centres = cell_centres(size, kp)
        x, y = (
            torch.stack([centres[i : i + side] for i in begin.tolist()]) - ellipses.centres[:, 0, axis, None]
            for axis, (begin, side) in enumerate(zip(first.mT, sides, strict=True))
        )  # (B, w), (B, h)
        position = torch.stack([_along(axis, x, y) for axis in ellipses.axes.unbind(1)], -1)  # (B, h, w, 2)
        drawn = F.grid_sample(texture, position / REACH, padding_mode="border", align_corners=True)
        inside = torch.sigmoid((ellipses.edge - position.square().sum(-1)) * ellipses.steepness)
        for i, (left, top) in enumerate(first.tolist()):
            window = paint[i, top : top + sides[1], left : left + sides[0], :_COLOURS]
            window.lerp_(drawn[i].permute(1, 2, 0), (inside[i] * self._texture.share)[..., None])


def _windows(ellipses: Ellipses, size: int, share: float) -> tuple[Tensor, tuple[int, int]]:
    """Where the ellipses are seen in maps: first columns and rows, (B, 2), and width and height, the same for all."""
    lengths = ellipses.axes.square().sum(-1, keepdim=True)  # (B, 2, 1)
    reach = math.sqrt(max(ellipses.edge + math.log(max(share, _LEAST) / _LEAST) / ellipses.steepness, 0))
    extent = reach * (ellipses.axes / lengths).square().sum(1).sqrt()  # (B, 2)
    extent = extent.masked_fill((lengths < _TINY).any(1), math.inf)  # an axis has no direction
    centre = ellipses.centres[:, 0]
    low, high = (((edge.clamp(-1, 1) + 1) * (size / 2)) for edge in (centre - extent, centre + extent))
    first, last = low.floor().long(), high.ceil().long()
    width, height = (last - first).amax(0).tolist()
    return torch.minimum(first, size - torch.tensor([width, height])), (width, height)


def _along(axis: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """How far the crossings of columns x (B, w) and rows y (B, h) lie in a direction (B, 2): (B, h, w)."""
    return (axis[:, :1] * x)[:, None] + (axis[:, 1:] * y)[..., None]
