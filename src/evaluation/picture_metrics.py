"""How far a drawn picture is from the real one. Pictures are (H, W, 3) uint8 RGB; values are counted in 0..1."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..training.losses.ssim import ssim_map
from .face_parts import Areas, Mask

_LUMA = np.array([0.299, 0.587, 0.114])
_MOST_DECIBELS = 100.0  # of pictures that are equal

Rgb = NDArray[np.uint8]


def picture_metrics(result: Rgb, real: Rgb, areas: Areas) -> dict[str, float]:
    """All distances of a result from the real picture.

    Args:
        result: (H, W, 3).
        real: (H, W, 3).
        areas: of the face in the real picture.

    Returns:
        l1, psnr, ssim, l1_mouth, l1_eyes, l1_face (all over the three channels), detail and detail_real (sharpness of
        both faces).
    """
    return {
        "l1": l1(result, real),
        "psnr": psnr(result, real),
        "ssim": ssim(result, real),
        "l1_mouth": l1(result, real, areas.mouth),
        "l1_eyes": l1(result, real, areas.eyes),
        "l1_face": l1(result, real, areas.face),
        "detail": sharpness(result, areas.face),
        "detail_real": sharpness(real, areas.face),
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
    return float(ssim_map(_planes(a), _planes(b)).mean())


def sharpness(picture: Rgb, mask: Mask) -> float:
    """Mean absolute Laplacian (four neighbours) of the luma in an area."""
    luma = picture @ _LUMA / 255.0
    laplacian = np.abs(cv2.Laplacian(luma, cv2.CV_64F))
    return float(laplacian[mask].mean()) if mask.any() else math.nan


def _planes(picture: Rgb) -> Tensor:
    """(H, W, 3) uint8 to (1, 3, H, W) float64 in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))[None]).double() / 255
