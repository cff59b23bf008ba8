"""Motion between frames: at fractional positions, and in frames that show no face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from ..errors import InputError
from .motion import Motion

_DECIMALS = 6  # of a frame: a whole position stays whole through a division by a frame rate


def interpolate(motion: Motion, positions: NDArray[np.floating]) -> Motion:
    """Motion at any position between frames: rotations on the shortest turn, everything else on a straight line.

    Args:
        motion: n >= 1 frames.
        positions: (m,) in frames, rounded to a millionth; whole ones give exactly that frame, and beyond 0..n - 1 the
            first or last one is held.

    Returns:
        Motion of m frames on the same device. Unknown canonical keypoints (NaN) stay unknown.

    Raises:
        InputError: there is no frame, positions are not a row of finite numbers, or an R between is no rotation.
    """
    places = np.asarray(positions, np.float64)
    if places.ndim != 1 or not np.isfinite(places).all():
        raise InputError(f"positions must be a row of finite numbers, got an array of shape {places.shape}")
    if not len(motion):
        raise InputError("a motion without any frame cannot be interpolated")
    places = places.round(_DECIMALS).clip(0, len(motion) - 1)
    before = np.floor(places).astype(np.int64)
    between = np.flatnonzero(places > before)
    result = motion[_index(before, motion)]  # copies, so the given motion stays as it is
    if not len(between):
        return result
    start, share = before[between], (places - before)[between]
    ends = motion[_index(start, motion)], motion[_index(start + 1, motion)]
    for name, value in vars(result).items():
        if value is not None:
            mix = _turned if name == "R" else _mixed
            a, b = (getattr(end, name) for end in ends)
            value[_index(between, motion)] = mix(a, b, share)
    return result


def fill_gaps(motion: Motion, shown: Sequence[bool], how: Literal["hold", "interpolate"]) -> Motion:
    """Motion of a whole clip, some of whose frames showed no face.

    Args:
        motion: of the frames that showed one, in order.
        shown: for every frame of the clip, whether it did.
        how: "hold" repeats the frame before a gap, "interpolate" moves evenly across it. Gaps at the ends hold the
            nearest frame either way.

    Returns:
        Motion with one entry for every frame of the clip.

    Raises:
        InputError: the motion is not as long as `shown` says, or empty.
    """
    frames = np.flatnonzero(shown)
    if len(frames) != len(motion) or not len(frames):
        raise InputError(f"{len(frames)} frames show a face, so there must be as many of motion, got {len(motion)}")
    if how == "hold":
        return motion[_index((np.cumsum(shown) - 1).clip(min=0), motion)]
    return interpolate(motion, np.interp(np.arange(len(shown)), frames, np.arange(len(frames))))


def _index(numbers: NDArray[np.int64], motion: Motion) -> Tensor:
    return torch.from_numpy(numbers).to(motion.R.device)


def _mixed(a: Tensor, b: Tensor, share: NDArray[np.float64]) -> Tensor:
    """From a to b (m, ...) by a share each, (m,)."""
    weight = torch.from_numpy(share).to(a).reshape(-1, *[1] * (a.ndim - 1))
    return torch.lerp(a, b, weight)


def _turned(a: Tensor, b: Tensor, share: NDArray[np.float64]) -> Tensor:
    """From a to b (m, 3, 3) by a share of the turn each, (m,): slerp, which transposed rotations obey as well."""
    try:
        start, end = (Rotation.from_matrix(R.detach().cpu().numpy().astype(np.float64)) for R in (a, b))
    except ValueError as error:
        raise InputError(f"the rotations of this motion cannot be interpolated: {error}") from error
    step = (start.inv() * end).as_rotvec() * share[:, None]
    return torch.from_numpy((start * Rotation.from_rotvec(step)).as_matrix()).to(a)
