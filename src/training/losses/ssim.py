"""Structural similarity of pictures.

Source: Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment: From Error Visibility to Structural Similarity"
(2004), equation 13, with the paper's settings: Gaussian window of 11 x 11 pixels and deviation 1.5, K1 = 0.01,
K2 = 0.03. Convention: values in 0..1, every colour channel on its own, no downsampling, only windows that lie wholly
inside of the picture, variances divided by the window's total weight (1).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..checks import check_alike, check_pictures
from ..precision import in_float32

WINDOW = 11
_DEVIATION = 1.5
_MIDDLE = 0.5
_C1, _C2 = 0.01**2, 0.03**2
_HEIGHTS = [math.exp(-((i - WINDOW // 2) ** 2) / (2 * _DEVIATION**2)) for i in range(WINDOW)]
_WEIGHTS = [height / sum(_HEIGHTS) for height in _HEIGHTS]


def ssim(result: Tensor, target: Tensor) -> Tensor:
    """Mean structural similarity over windows, channels and pictures.

    Args:
        result: (B, C, H, W) in 0..1, at least 11 pixels a side.
        target: same shape.

    Returns:
        Scalar in -1..1, 1 for equal pictures; ``1 - ssim`` is the loss.

    Raises:
        InputError: the shapes differ, or pictures are too small.
    """
    return ssim_map(result, target).mean()


@in_float32
def ssim_map(result: Tensor, target: Tensor) -> Tensor:
    """Structural similarity of every window; its mean over the last three axes is that of a picture.

    Args:
        result: (B, C, H, W) in 0..1, at least 11 pixels a side.
        target: same shape.

    Returns:
        (B, C, H - 10, W - 10); window (i, j) is centred on pixel (i + 5, j + 5).

    Raises:
        InputError: the shapes differ, or pictures are too small.
    """
    check_alike(result, target)
    check_pictures(result, least=WINDOW)
    x, y = result - _MIDDLE, target - _MIDDLE  # smaller numbers, so their variances lose less
    mean_x, mean_y, squares, product = _windowed(torch.stack([x, y, x * x + y * y, x * y]))
    covariance = product - mean_x * mean_y
    variances = squares - mean_x**2 - mean_y**2
    mean_x, mean_y = mean_x + _MIDDLE, mean_y + _MIDDLE
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    return luminance * (2 * covariance + _C2) / (variances + _C2)


def _windowed(maps: Tensor) -> Tensor:
    """Gaussian means of all windows, (..., H, W) -> (..., H - 10, W - 10)."""
    for axis in (-1, -2):
        maps = _averaged(maps, axis)
    return maps


def _averaged(maps: Tensor, axis: int) -> Tensor:
    """Weighted sums of 11 neighbours along an axis.

    Not as a convolution: on a GPU that rounds to ten bits as a rule (TF32), and variances are small differences.
    """
    size = maps.shape[axis] - WINDOW + 1
    sums = _WEIGHTS[0] * maps.narrow(axis, 0, size)
    for i, weight in enumerate(_WEIGHTS[1:], start=1):
        sums = torch.add(sums, maps.narrow(axis, i, size), alpha=weight)
    return sums
