"""Laplacian pyramids, and the distance of pictures in them."""

from __future__ import annotations

import torch
from torch import Tensor

from ...errors import InputError
from ..checks import check_alike, check_pictures
from ..precision import in_float32

_BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
_LEAST = 3  # pixels, for the reflected border of the filter


@in_float32
def laplacian_l1(result: Tensor, target: Tensor, levels: int = 4) -> Tensor:
    """Sum over the levels of a Laplacian pyramid of the mean absolute difference in each.

    Source: Bojanowski et al., "Optimizing the Latent Space of Generative Networks" (arXiv 1707.05776), Lap1 loss, whose
    weights 4^j of sums over ever smaller levels are those of plain means.

    Args:
        result: (B, C, H, W).
        target: same shape.
        levels: of the pyramid, the low-pass rest included; 1 is plain L1.

    Returns:
        Scalar.

    Raises:
        InputError: the shapes differ, or a picture is too small for the levels.
    """
    check_alike(result, target)
    bands = laplacian_pyramid(result - target, levels)  # linear, so the pyramid of the difference does
    return torch.stack([band.abs().mean() for band in bands]).sum()


def laplacian_pyramid(pictures: Tensor, levels: int) -> list[Tensor]:
    """Band-pass pictures, finest first, and the low-pass rest.

    Source: Burt and Adelson, "The Laplacian Pyramid as a Compact Image Code" (1983), with their binomial filter.

    Args:
        pictures: (B, C, H, W) float32 or float64.
        levels: how many pictures to return, >= 1.

    Returns:
        Pictures of sides N, ceil(N / 2), ceil(N / 4), ...

    Raises:
        InputError: a picture is too small for the levels.
    """
    if levels < 1:
        raise InputError(f"a pyramid needs at least one level, got {levels}")
    check_pictures(pictures, least=_LEAST * 2 ** (levels - 2) if levels > 1 else 1)
    bands = []
    for _ in range(levels - 1):
        smaller = _reduced(pictures)
        bands.append(pictures - expanded(smaller, pictures.shape[2:]))
        pictures = smaller
    return [*bands, pictures]


def expanded(smaller: Tensor, size: torch.Size | tuple[int, int]) -> Tensor:
    """The smooth picture of twice the side that a level of the pyramid stands for, (B, C, *size)."""
    rows, columns = (_blur(n, smaller)[:, ::2] * 2 for n in size)  # every second cell is filled
    return rows @ smaller @ columns.mT


def _reduced(pictures: Tensor) -> Tensor:
    rows, columns = (_blur(n, pictures)[::2] for n in pictures.shape[2:])
    return rows @ pictures @ columns.mT


def _blur(size: int, like: Tensor) -> Tensor:
    """The filter along one axis, its border reflected, as a matrix (size, size).

    Products with it take a fifth of the time of convolutions of so few channels on a processor.
    """
    padded = like.new_zeros(size, size + 4)
    for i, weight in enumerate(_BINOMIAL):
        padded.diagonal(i).fill_(weight)
    matrix = padded[:, 2:-2].clone()
    matrix[:, 1:3] += padded[:, :2].flip(1)  # cells -2, -1 are cells 2, 1
    matrix[:, -3:-1] += padded[:, -2:].flip(1)
    return matrix
