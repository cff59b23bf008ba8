"""The compact model's motions in separable form: no tensor of 26 grids, and nothing that a batch shares done twice."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ...modules.compact.grid import cell_centres, centre_grid
from ...modules.compact.keypoints import fit_affine, with_outline
from .bell import bell

_FAR_BELOW = 50.0  # the logit of what stays: a share that changes nothing


@dataclass(frozen=True)
class Motions:
    """Candidate motions of B frames: motion 0 stays, motion k is ``affine p + shift_k`` in the plane.

    Attributes:
        driving: keypoints with the outline's points, (B, K, 3).
        source: the same, (1, K, 3) or (B, K, 3).
        bend: the shared affine minus the identity, (B, 2, 2).
        shift: (B, K, 3); along z nothing but the shift moves.
    """

    driving: Tensor
    source: Tensor
    bend: Tensor
    shift: Tensor

    @staticmethod
    def between(kp_driving: Tensor, kp_source: Tensor) -> Motions:
        """Motions from driving keypoints (B, 21, 3) to source keypoints (1, 21, 3) or (B, 21, 3)."""
        affine = fit_affine(kp_driving, kp_source.expand_as(kp_driving))
        driving, source = with_outline(kp_driving), with_outline(kp_source)
        plane = source[..., :2] - driving[..., :2] @ affine.mT
        shift = torch.cat([plane, source[..., 2:] - driving[..., 2:]], -1)
        return Motions(driving, source, affine - torch.eye(2, device=affine.device, dtype=affine.dtype), shift)

    def blend(self, share: Tensor, grid: Tensor) -> Tensor:
        """How far the blend of all motions moves each cell of a grid.

        The shares sum to 1 and the motions differ by their shifts only, so their mean needs no grid per motion:
        ``share_0 p + sum_k share_k (affine p + shift_k) - p = (1 - share_0) bend p + sum_k share_k shift_k``.

        Args:
            share: (B, cells, K + 1), softmax over the motions.
            grid: cell centres, (cells, n), n = 2 or 3.

        Returns:
            (B, cells, n).
        """
        n = grid.shape[-1]
        columns = F.pad(self.shift[..., :n], (0, 1), value=1.0)  # the last one counts what moves at all
        blended = share @ F.pad(columns, (0, 0, 1, 0))  # (B, cells, n + 1)
        moved = blended[..., :n]
        moved[..., :2].addcmul_(blended[..., n:], grid[:, :2] @ self.bend.mT)
        return moved


def shares(logits: Tensor) -> Tensor:
    """Softmax over the motions, the first of which stays: logits (..., K + 1) to shares of the same shape.

    No share is less than e^-50 of the first one's. So none is a subnormal number, which would take several times as
    long, as long as the first logit is no more than 37 below the largest.
    """
    return torch.maximum(logits, logits[..., :1] - _FAR_BELOW).softmax(-1)


def gaussians(kp: Tensor, depth: int, height: int, width: int, variance: float) -> Tensor:
    """A blob at each keypoint as a product of three along the axes: (B, K, 3) -> (B, K, depth, height, width).

    ``exp(-(x^2 + y^2 + z^2)) = exp(-x^2) exp(-y^2) exp(-z^2)``: exponentials of 36 numbers a keypoint, not of 1024.
    """
    x, y, z = (bells(kp[..., i], n, variance) for i, n in enumerate((width, height, depth)))
    return (z[..., :, None] * y[..., None, :])[..., None] * x[..., None, None, :]


def bells(position: Tensor, n: int, variance: float | Tensor) -> Tensor:
    """Gaussian of n cell centres around positions (...,) on one axis, (..., n)."""
    return bell(squares(position, n), variance)


def squares(position: Tensor, n: int) -> Tensor:
    """Squared distances of n cell centres from positions (...,) on one axis, (..., n)."""
    return (cell_centres(n, position) - position[..., None]).square_()


def sample_shifted(slices: Tensor, motions: Motions) -> Tensor:
    """A volume of one channel as each keypoint's motion would have it.

    Trilinear sampling is a bilinear one of every slice, and then a mix of slices: along z these motions are plain
    shifts, so the mix is one small matrix a keypoint.

    Args:
        slices: (1, D, H, W) or (B, D, H, W).
        motions: of B frames.

    Returns:
        (B, K, D, H * W).
    """
    batch, count = motions.shift.shape[:2]
    depth, height, width = slices.shape[1:]
    grid = centre_grid(height, width, like=slices).view(-1, 2)
    turned = grid + grid @ motions.bend.mT  # (B, cells, 2)
    position = turned[:, None] + motions.shift[:, :, None, :2]  # (B, K, cells, 2)
    planes = F.grid_sample(slices.expand(batch, -1, -1, -1), position, align_corners=False)  # (B, D, K, cells)
    level = torch.arange(depth, device=slices.device, dtype=slices.dtype)
    wanted = level + motions.shift[..., 2:] * (depth / 2)  # (B, K, D): the slice that each slice shows
    mix = (1 - (wanted[..., None] - level).abs()).clamp_(min=0)  # (B, K, D, D): linear, and zero beyond the volume
    return (mix @ planes.transpose(1, 2)).view(batch, count, depth, height * width)
