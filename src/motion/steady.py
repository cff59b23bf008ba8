"""Steadying: take the trembling of trackers and networks out of a motion, and leave the movements in.

Every frame is drawn towards the mean of its neighbours (a Gaussian, so nothing lags). How far is told from the clip
itself: what trembles most of the time is noise, and where the motion departs from its neighbours by more than that,
something moves, and the frame keeps that much of its own (a local Wiener filter). All times are in seconds.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, gaussian_filter1d
from torch import Tensor

from .keypoints import EYES, LIP, NUM_KP
from .mesh_points import Array
from .motion import Motion


class _Touch(NamedTuple):
    """How hard a signal is steadied.

    Attributes:
        reach: sigma of the Gaussian of neighbours, seconds.
        window: sigma of the Gaussian over which noise and movement are told apart, seconds.
        doubt: how many times the noise a departure must exceed to count as movement, in energy.
    """

    reach: float
    window: float
    doubt: float


_FIRM = _Touch(reach=0.06, window=0.1, doubt=5.0)  # head, brows, cheeks
_GENTLE = _Touch(reach=0.035, window=0.05, doubt=2.0)  # lips and eyes: a closing of either takes a few frames
_FRAMING = _Touch(reach=0.2, window=0.2, doubt=2.0)
# A crop need not follow its face closely: so much counts as noise, in sides, like the breathing of its size in speech.
_LOOSE = 0.02
_QUIET = 0.5  # share of the frames in which a signal trembles only; in the rest it may move, too

_FOURTH_DIFFERENCE = np.array([1.0, -4.0, 6.0, -4.0, 1.0])  # movements are smooth and leave it nearly 0; noise is not
_ITS_ENERGY = 70.0  # of white noise of variance 1
_TINY = 1e-30


def steady(motion: Motion, fps: Fraction) -> Motion:
    """A motion without its trembling: head firmly, lips and eyes (and their openings) gently.

    The first frame, to which relative motion refers, is steadied like the others: left as it was, its noise would shift
    the whole result. The canonical keypoints are the shape of the face and stay.

    Args:
        motion: T frames in order of time.
        fps: frames a second.

    Returns:
        Motion of T frames on the same device. A single frame is returned as it is.
    """
    if len(motion) < 2:
        return motion
    return replace(
        motion,
        R=_like(_rotations(_settled(_rows(motion.R), fps, _FIRM)), motion.R),
        exp=_like(_expression(_rows(motion.exp), fps), motion.exp),
        t=_eased(motion.t, fps, _FIRM),
        scale=_eased(motion.scale, fps, _FIRM),
        eye_ratio=None if motion.eye_ratio is None else _eased(motion.eye_ratio, fps, _GENTLE),
        lip_ratio=None if motion.lip_ratio is None else _eased(motion.lip_ratio, fps, _GENTLE),
    )


def steady_squares(rows: NDArray[np.floating], fps: Fraction) -> Array:
    """The squares around a face over a clip, without trembling and without breathing of their size.

    Args:
        rows: x, y and size in pixels, angle in radians, (T, 4), one row a frame, as of `Square.as_row`.
        fps: frames a second.

    Returns:
        (T, 4) float64, angles in -pi..pi.
    """
    squares: Array = np.array(rows, np.float64)
    if len(squares) < 2:
        return squares
    side = np.median(squares[:, 2])
    unit = np.array([side, side, side, 1.0])
    squares[:, 3] = np.unwrap(squares[:, 3])
    squares /= unit
    noise = np.maximum(_noise(squares, fps, _FRAMING), _LOOSE**2)
    steadied: Array = _settled(squares, fps, _FRAMING, noise) * unit
    steadied[:, 3] = np.arctan2(np.sin(steadied[:, 3]), np.cos(steadied[:, 3]))
    return steadied


def _expression(exp: Array, fps: Fraction) -> Array:
    """Expressions (T, 63) steadied, lips and eyes gently."""
    gentle = np.isin(np.arange(NUM_KP), LIP + EYES).repeat(3)  # (63,)
    firm_noise = _noise(exp[:, ~gentle], fps, _FIRM)
    # A face is tracked about equally well everywhere: what lips and eyes tremble more than the rest is movement.
    gentle_noise = np.minimum(_noise(exp[:, gentle], fps, _GENTLE), np.median(firm_noise))
    steadied = np.empty_like(exp)
    steadied[:, ~gentle] = _settled(exp[:, ~gentle], fps, _FIRM, firm_noise)
    steadied[:, gentle] = _settled(exp[:, gentle], fps, _GENTLE, gentle_noise)
    return steadied


def _settled(signals: Array, fps: Fraction, touch: _Touch, noise: Array | None = None) -> Array:
    """Signals (T, N), each drawn towards its neighbours in time; the variance of their noise (N,) may be given."""
    calm = _mean_around(signals, touch.reach, fps)
    departure = signals - calm
    energy = _mean_around(np.square(departure), touch.window, fps)
    doubtful = touch.doubt * (_noise(signals, fps, touch) if noise is None else noise)
    own = 1 - np.minimum(doubtful / np.maximum(energy, _TINY), 1)
    settled: Array = calm + own * departure
    return settled


def _noise(signals: Array, fps: Fraction, touch: _Touch) -> Array:
    """Variance of the trembling of signals (T, N): (N,)."""
    rough = convolve1d(signals, _FOURTH_DIFFERENCE, axis=0, mode="mirror")
    energy = _mean_around(np.square(rough) / _ITS_ENERGY, touch.window, fps)
    noise: Array = np.quantile(energy, _QUIET, axis=0)
    return noise


def _mean_around(signals: Array, seconds: float, fps: Fraction) -> Array:
    """Gaussian mean of signals (T, N) over time; the clip is mirrored at its ends."""
    mean: Array = gaussian_filter1d(signals, seconds * float(fps), axis=0, mode="mirror", truncate=3.0)
    return mean


def _rotations(rows: Array) -> Array:
    """The nearest rotations (T, 3, 3) to matrices that are nearly orthogonal, (T, 9)."""
    u, _, vt = np.linalg.svd(rows.reshape(-1, 3, 3))
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]  # at a cut the mean of both sides may mirror
    rotations: Array = u @ vt
    return rotations


def _eased(values: Tensor, fps: Fraction, touch: _Touch) -> Tensor:
    return _like(_settled(_rows(values), fps, touch), values)


def _rows(values: Tensor) -> Array:
    """All numbers of a frame in a row, (T, N)."""
    return values.detach().cpu().numpy().astype(np.float64).reshape(len(values), -1)


def _like(rows: Array, model: Tensor) -> Tensor:
    return torch.from_numpy(rows).reshape(model.shape).to(model.dtype).to(model.device)
