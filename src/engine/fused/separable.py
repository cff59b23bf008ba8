"""What W does with grids, taken apart along the axes (spec: networks, sections 4.1 and 8).

A keypoint's motion is the same for all cells, so where a cell comes from depends on its column alone along x, on its
row along y, on its slice along z: sampling a volume is three small matrix products, and a Gaussian is a product of
three. Where to read is worked out in float64, at no cost that could be measured: rounding that to float32 was the
largest part of W's rounding error.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .bell import bell


def axis(n: int, like: Tensor) -> Tensor:
    """Coordinates of n cells, -1 and 1 at the centres of the outermost: (n,)."""
    return 2 * (torch.arange(n, device=like.device, dtype=like.dtype) / (n - 1)) - 1


def sampling_matrix(n: int, shift: Tensor) -> Tensor:
    """How n cells along one axis read the same n cells, moved by shifts; zeros lie outside.

    As in the original, coordinates are those of `axis`, but read as if -1 and 1 were the outer edges.

    Args:
        n: cells.
        shift: (...,) in coordinates.

    Returns:
        (..., n, n) of the same type: at most two weights a row.
    """
    cells = torch.arange(n, device=shift.device, dtype=shift.dtype)
    read = ((axis(n, shift) + shift[..., None] + 1) * n - 1) / 2  # (..., n)
    return (1 - (read[..., None] - cells).abs()).clamp(min=0)


def sample_shifted(volume: Tensor, shift: Tensor) -> Tensor:
    """A volume as each of K shifts shows it.

    Args:
        volume: (1, C, D, H, W) for all frames, or (B, C, D, H, W).
        shift: (B, K, 3) in coordinates, x, y, z; best in float64.

    Returns:
        (B, K, C, D, H, W), of the volume's type.
    """
    batch, motions = shift.shape[:2]
    channels, d, h, w = volume.shape[1:]
    across, down, inward = (sampling_matrix(n, shift[..., i]).to(volume.dtype) for i, n in enumerate((w, h, d)))
    x = torch.matmul(inward[:, :, None], volume[:, None].flatten(4))  # (B, K, C, D, H * W)
    x = torch.matmul(x.view(batch, motions, -1, w), across.transpose(2, 3))  # (B, K, C * D * H, W)
    return torch.matmul(down[:, :, None], x.view(batch, motions, channels * d, h, w)).unflatten(2, (channels, d))


def gaussians(kp: Tensor, size: tuple[int, int, int], variance: float) -> Tensor:
    """A bump at each keypoint: (B, K, 3) to (B, D, H, W, K)."""
    d, h, w = size
    x, y, z = (
        bell((axis(n, kp)[:, None] - kp[:, None, :, i]) ** 2, variance) for i, n in enumerate((w, h, d))
    )  # (B, n, K)
    return z[:, :, None, None] * (y[:, :, None] * x[:, None])[:, None]


def blend_shifts(mask: Tensor, shift: Tensor) -> Tensor:
    """Where each cell comes from: the identity plus the mean of the shifts, since the shares of the motions sum to 1.

    Args:
        mask: share of each motion, (B, D, H, W, K).
        shift: (B, K, 3).

    Returns:
        (B, D, H, W, 3).
    """
    d, h, w, motions = mask.shape[1:]
    moved = torch.bmm(mask.reshape(len(mask), -1, motions), shift).view(-1, d, h, w, 3)
    z, y, x = (axis(n, shift) for n in (d, h, w))
    zz, yy, xx = torch.meshgrid(z, y, x, indexing="ij")
    return moved + torch.stack([xx, yy, zz], dim=-1)
