"""Implicit keypoints guided by facial landmarks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ...errors import InputError
from ..checks import check_alike, check_points
from ..precision import in_float32

# Feng et al. train with w = 10 and epsilon = 2 pixels on faces of 256; in crop coordinates a pixel of those is 1/128.
WIDTH = 10 / 128
CURVATURE = 2 / 128


@in_float32
def wing(result: Tensor, target: Tensor, width: float = WIDTH, curvature: float = CURVATURE) -> Tensor:
    """Wing loss of every number: steep for small differences, straight for large ones.

    ``w ln(1 + |d| / e)`` where ``|d| < w``, else ``|d| - C`` with the C that makes it continuous.

    Source: Feng et al., "Wing Loss for Robust Facial Landmark Localisation" (arXiv 1711.06753), equation 5.

    Args:
        result: any shape.
        target: same shape.
        width: w, the difference where the straight part begins, > 0, in the unit of the numbers.
        curvature: epsilon, > 0, same unit; the slope at 0 is ``w / epsilon``.

    Returns:
        Same shape.

    Raises:
        InputError: the shapes differ, or a parameter is not positive.
    """
    check_alike(result, target)
    if min(width, curvature) <= 0:
        raise InputError(f"wing loss needs a positive width and curvature, got {width} and {curvature}")
    difference = (result - target).abs()
    offset = width - width * math.log(1 + width / curvature)
    return torch.where(difference < width, width * torch.log1p(difference / curvature), difference - offset)


@in_float32
def landmark_guided_loss(
    keypoints: Tensor,
    landmarks: Tensor,
    indices: Sequence[int],
    width: float = WIDTH,
    curvature: float = CURVATURE,
) -> Tensor:
    """Some implicit keypoints must lie near landmarks of eyes and lips: x and y only, depth stays free.

    Source: LivePortrait (arXiv 2407.03168), section 3.2, landmark-guided optimization: Wing loss between N = 10
    landmarks and the first two dimensions of keypoints. The paper averages the loss of source and driver, so call this
    for each and take half of the sum.

    Args:
        keypoints: in the picture, (B, K, 3) in crop coordinates.
        landmarks: (B, N, 2) in crop coordinates.
        indices: N numbers of the keypoints that the landmarks guide, in the landmarks' order.
        width: see `wing`; the default is Feng et al.'s in crop coordinates.
        curvature: see `wing`, likewise.

    Returns:
        Scalar: the sum over x and y, mean over landmarks and batch.

    Raises:
        InputError: other shapes, or not as many numbers as landmarks.
    """
    check_points(keypoints, what="keypoints")
    check_points(landmarks, (2,), "landmarks")
    if landmarks.shape[1] != len(indices) or not all(0 <= i < keypoints.shape[1] for i in indices):
        raise InputError(
            f"{landmarks.shape[1]} landmarks guide as many of {keypoints.shape[1]} keypoints, got {list(indices)}"
        )
    return wing(keypoints[:, list(indices), :2], landmarks, width, curvature).sum(-1).mean()
