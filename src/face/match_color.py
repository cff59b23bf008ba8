"""Match the colours of a generated crop to the picture that it is pasted over.

Along its border a crop should look like what lies under it. Where it is tinted there, the tint would show as a step
along the seam; so the tint is measured in that band, carried inwards and taken back.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from .face import Rgb
from .landmarks import Floats

# Lengths are in pixels of a small version of the crop: tints are smooth, and detail must not take part.
_SMALL = 64
_BAND = 6  # width of the border band, three times that of the mask's official edge
_SPREAD = 4.0  # sigma with which measurements are carried along the border and inwards
_UNLIKE = 10.0  # levels off the usual difference where a measurement counts a quarter: there something has moved
_UNSURE = 0.02  # weight of the usual difference; it alone is left far from the border


def match_color(crop: Rgb, source_crop: Rgb) -> Rgb:
    """The crop without the tint that it has along its border; its detail stays.

    The tint is the difference of the two small crops in the border band, spread by normalised convolution around its
    median, which is what the middle of the crop gets. Measurements that disagree with the median hardly count, so that
    hair or a shoulder that has moved there lends no colour to its surroundings.

    Args:
        crop: (n, n, 3) uint8, what the networks made.
        source_crop: (m, m, 3) uint8, the same square of the picture that it will be pasted into.

    Returns:
        (n, n, 3) uint8.
    """
    difference = _small(source_crop) - _small(crop)  # (64, 64, 3)
    band = _band()
    usual = np.median(difference[band > 0], axis=0)  # (3,)
    unusual = difference - usual
    weight = band / (1 + np.square(unusual).mean(-1) / _UNLIKE**2) ** 2
    spread = _blur(weight[..., None] * unusual) / (_blur(weight) + _UNSURE)[..., None]
    tint = cv2.resize((usual + spread).astype(np.float32), crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return cv2.add(crop, tint, dtype=cv2.CV_8U).astype(np.uint8, copy=False)  # rounds and clips


def _small(crop: Rgb) -> Floats:
    return cv2.resize(crop, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA).astype(np.float32)


def _blur(values: Floats) -> Floats:
    return cv2.GaussianBlur(values, (0, 0), _SPREAD).astype(np.float32, copy=False)


@cache
def _band() -> Floats:
    """How much each pixel tells of the tint, (64, 64) float32: 1 at the border, 0 behind the band; read-only."""
    depth = np.minimum(np.arange(_SMALL), np.arange(_SMALL)[::-1])
    band = np.clip(1 - np.minimum(depth[None, :], depth[:, None]) / _BAND, 0, 1).astype(np.float32)
    band.flags.writeable = False
    return band
