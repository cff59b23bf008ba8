"""How far a drawn picture is from the real one. Pictures are (H, W, 3) uint8 RGB; values are counted in 0..1."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from .face_parts import Areas, Mask

_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = 0.01**2, 0.03**2  # of the structural similarity, for values in 0..1
_LUMA = np.array([0.299, 0.587, 0.114])
_MOST_DECIBELS = 100.0  # of pictures that are equal

Rgb = NDArray[np.uint8]
_Floats = NDArray[np.float64]


def picture_metrics(result: Rgb, real: Rgb, areas: Areas) -> dict[str, float]:
    """All distances of a result from the real picture.

    Args:
        result: (H, W, 3).
        real: (H, W, 3).
        areas: of the face in the real picture.

    Returns:
        l1, psnr, ssim, l1_mouth, l1_eyes, l1_face (all over the three channels) and sharpness.
    """
    return {
        "l1": l1(result, real),
        "psnr": psnr(result, real),
        "ssim": ssim(result, real),
        "l1_mouth": l1(result, real, areas.mouth),
        "l1_eyes": l1(result, real, areas.eyes),
        "l1_face": l1(result, real, areas.face),
        "sharpness": sharpness(result, areas.face) / max(sharpness(real, areas.face), 1e-6),
    }


def l1(a: Rgb, b: Rgb, mask: Mask | None = None) -> float:
    """Mean absolute difference, of the whole picture or of an area; nan if the area is empty."""
    difference = cv2.absdiff(a, b)
    if mask is not None:
        if not mask.any():
            return math.nan
        difference = difference[mask]
    return float(np.mean(difference, dtype=np.float64)) / 255


def psnr(a: Rgb, b: Rgb) -> float:
    """Peak signal-to-noise ratio in decibels for a peak of 1; 100 at most."""
    error = float(np.mean((a.astype(np.float64) - b) ** 2)) / 255**2
    return min(-10 * math.log10(error), _MOST_DECIBELS) if error else _MOST_DECIBELS


def ssim(a: Rgb, b: Rgb) -> float:
    """Structural similarity (Wang et al. 2004), -1..1.

    Gaussian window of 11 pixels, sigma 1.5, K1 0.01, K2 0.03, population statistics; the mean over all windows that lie
    within the picture, and over the three channels.
    """
    x, y = a / 255.0, b / 255.0
    mean_x, mean_y = _windowed(x), _windowed(y)
    var_x, var_y = _windowed(x * x) - mean_x**2, _windowed(y * y) - mean_y**2
    covariance = _windowed(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    structure = (2 * covariance + _C2) / (var_x + var_y + _C2)
    return float((luminance * structure).mean())


def sharpness(picture: Rgb, mask: Mask) -> float:
    """Mean absolute Laplacian (four neighbours) of the luma in an area."""
    luma = picture @ _LUMA / 255.0
    laplacian = np.abs(cv2.Laplacian(luma, cv2.CV_64F))
    return float(laplacian[mask].mean()) if mask.any() else math.nan


def _windowed(values: _Floats) -> _Floats:
    edge = _WINDOW // 2
    blurred = cv2.GaussianBlur(values, (_WINDOW, _WINDOW), _SIGMA)
    return cast(_Floats, blurred[edge:-edge, edge:-edge])
