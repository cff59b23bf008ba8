"""How open eyes and lips are, and the vectors of such ratios that the retargeting networks read.

The official ratios are measured on the 203 points, ours on the mesh; "left" is left in the picture.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import InputError
from ..motion.mesh_points import opening
from ..motion.retarget import combine_ratio
from .face import Points, Scheme
from .landmarks import Floats, planar

# Upper and lower point, then the two corners.
_LEFT_EYE = (6, 18, 0, 12)
_RIGHT_EYE = (30, 42, 24, 36)
_LIPS = (90, 102, 48, 66)


def eye_ratios(points: Points, scheme: Scheme) -> Floats:
    """Height over width of the left and of the right eye (spec: pipeline, section 5.6).

    Args:
        points: (203, 2) landmarks, or the mesh (478, 2 or 3); any unit.
        scheme: which of the two.

    Returns:
        (1, 2) float32, about 0 (closed) to 0.5.

    Raises:
        InputError: the scheme has no points on the lids.
    """
    if scheme is Scheme.MESH478:
        return opening(points)[None, :2].astype(np.float32)
    xy = _official(points, scheme)
    return np.array([[_ratio(xy, _LEFT_EYE), _ratio(xy, _RIGHT_EYE)]], np.float32)


def lip_ratio(points: Points, scheme: Scheme) -> Floats:
    """Height over width of the inner lips (spec: pipeline, section 5.6).

    Args:
        points: (203, 2) landmarks, or the mesh (478, 2 or 3); any unit.
        scheme: which of the two.

    Returns:
        (1, 1) float32, about 0 (closed) to 0.7.

    Raises:
        InputError: the scheme has no points on the inner lips.
    """
    if scheme is Scheme.MESH478:
        return opening(points)[None, 2:].astype(np.float32)
    return np.array([[_ratio(_official(points, scheme), _LIPS)]], np.float32)


def openings(points: Points, scheme: Scheme) -> Floats:
    """Eye and lip ratios of one face together: left eye, right eye, lips, (1, 3) float32.

    Raises:
        InputError: the scheme has no points on lids and inner lips.
    """
    return np.concatenate([eye_ratios(points, scheme), lip_ratio(points, scheme)], axis=1)


def combined_eye_ratios(source: NDArray[np.floating], target: float | NDArray[np.floating]) -> Floats:
    """What the eye retargeting network reads beside the keypoints (spec: pipeline, section 5.6).

    Args:
        source: eye ratios of the source (1, 2).
        target: the wanted opening, or a driving frame's eye ratios (1, 2), of which the left eye's counts.

    Returns:
        (1, 3) float32.
    """
    return _combined(source, target)


def combined_lip_ratio(source: NDArray[np.floating], target: float | NDArray[np.floating]) -> Floats:
    """What the lip retargeting network reads beside the keypoints (spec: pipeline, section 5.6).

    Args:
        source: lip ratio of the source (1, 1).
        target: the wanted opening, or a driving frame's lip ratio (1, 1).

    Returns:
        (1, 2) float32.
    """
    return _combined(source, target)


def _combined(source: NDArray[np.floating], target: float | NDArray[np.floating]) -> Floats:
    ratios = torch.from_numpy(np.asarray(source, np.float32)).reshape(1, -1)
    return combine_ratio(ratios, float(np.asarray(target).flat[0])).numpy()


def _official(points: Points, scheme: Scheme) -> Floats:
    if scheme is not Scheme.LMK203:
        raise InputError(f"eye and lip ratios need 203 landmarks or the mesh of 478, got {len(points)} ({scheme})")
    return planar(points)


def _ratio(xy: Floats, indices: tuple[int, int, int, int]) -> float:
    upper, lower, first, second = xy[list(indices)]
    return float(np.linalg.norm(upper - lower) / (np.linalg.norm(first - second) + 1e-6))
