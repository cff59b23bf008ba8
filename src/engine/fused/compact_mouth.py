"""The texture of the compact model's mouth, drawn where it is seen only: most of a picture is no open mouth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.special import erf
from torch import Tensor, nn

from ...modules.compact.keypoints import NUM_KP
from ...modules.compact.mouth_texture import AROUND, COLOURED, FARTHEST, NOSE, PLACES, POINTS, REACH, MouthTexture
from .compact_aperture import Aperture, Ellipse
from .compact_compose import centres, sampled
from .compact_openings import Openings, quiet

Array = NDArray[np.float32]

_WHITE = 255.0
_COLOURS, _CHANNELS = 3, 4


class FusedMouth:
    """Computes what `MouthTexture.over` computes, in place.

    Args:
        texture: with its weights, ready for inference.
    """

    def __init__(self, texture: MouthTexture) -> None:
        norm, layers = texture.norm, [layer for layer in texture.mlp if isinstance(layer, nn.Linear)]
        assert norm.running_mean is not None and norm.running_var is not None, "it keeps statistics"
        self._shape, self._share = (texture.rows, texture.columns, _CHANNELS), float(texture.share)
        self._scale = (norm.running_var + norm.eps).rsqrt().numpy()
        self._shift = -norm.running_mean.numpy() * self._scale
        *hidden, (weight, bias) = [(layer.weight.mT, layer.bias) for layer in layers]
        last = (_by_place(parameter * _WHITE, texture.rows * texture.columns) for parameter in (weight, bias))
        self._hidden = [(weight.contiguous().numpy(), bias.numpy()) for weight, bias in hidden]
        self._last, self._last_bias = (parameter.numpy() for parameter in last)

    @quiet
    def __call__(
        self, paint: Array, warped: Sequence[Array], kp: Array, openings: Openings, seen: Sequence[Aperture]
    ) -> None:
        """Mix the texture into G's paint where a mouth opens.

        Args:
            paint: (B, N, N, 4) in levels of 255.
            warped: B warped pictures, (n, n, 4) RGB in -1..1.
            kp: of the driving frames, (B, 21, 3).
            openings: of these frames.
            seen: what is painted in each of them.
        """
        if not any(part.mouth for part in seen):
            return
        known = np.concatenate([_shape(kp, openings), _colours(warped, kp)], 1)
        for picture, texture, part in zip(paint, self._drawn(known), seen, strict=True):
            if part.mouth is not None:
                _mix(picture, texture, replace(part.mouth, gain=self._share))

    def _drawn(self, known: Array) -> Array:
        """Textures (M, rows, columns, 4) in levels of 255; the fourth channel means nothing."""
        y = (known * self._scale + self._shift).clip(-FARTHEST, FARTHEST)
        for weight, bias in self._hidden:
            y = _gelu(y @ weight + bias)
        return (y @ self._last + self._last_bias).clip(0, _WHITE).reshape(-1, *self._shape)


def _mix(paint: Array, texture: Array, mouth: Ellipse) -> None:
    """Mix a texture (rows, columns, 4) into the paint of one frame, (N, N, 4)."""
    window = Aperture(mouth, []).window(len(paint))
    if window is None:
        return
    rows, columns = window
    middles = centres(len(paint))
    first, second = mouth.along(middles[columns], middles[rows])  # (h, w)
    place: Array = np.empty((*first.shape, 2), np.float32)
    for axis, (along, last) in enumerate(((first, texture.shape[1] - 1), (second, texture.shape[0] - 1))):
        np.multiply(along, last / 2 / REACH, out=place[..., axis])
    place += np.array(texture.shape[1::-1], np.float32) / 2 - np.float32(0.5)
    over = sampled(texture, place)
    part = paint[rows, columns]
    over -= part
    over *= cv2.cvtColor(mouth.at(first, second), cv2.COLOR_GRAY2RGBA)
    part += over


def _shape(kp: Array, openings: Openings) -> Array:
    """As `mouth_texture.known`, without the colours: of B frames, (B, 30)."""
    plane = (openings.place @ _from_nose()) * (openings.across_eyes.conj() * (10 / openings.distance))[:, None]
    shape = np.empty((*plane.shape, 3), np.float32)  # (B, 10, 3)
    shape[..., 0], shape[..., 1] = plane.real, plane.imag
    np.multiply(kp[..., 2] @ _from_nose(), (10 / openings.distance)[:, None], out=shape[..., 2])
    return shape.reshape(len(shape), -1)


def _colours(warped: Sequence[Array], kp: Array) -> Array:
    """As `face_colours` of B pictures (n, n, 4) in -1..1, (B, 12) in 0..1."""
    size, (around, means) = len(warped[0]), _colour_places()
    place = (kp[:, COLOURED, None, :2] + around) * np.float32(size / 2) + np.float32((size - 1) / 2)  # (B, 5, 16, 2)
    seen = np.stack(list(map(sampled, warped, place.clip(0, size - 1))))  # (B, 5, 16, 4)
    colours = means @ seen.reshape(len(seen), means.shape[1], -1)  # (B, 4, 4)
    return (colours[..., :_COLOURS] + np.float32(0.5)).reshape(len(seen), -1)


@cache
def _from_nose() -> Array:
    """What takes keypoints to those of the mouth's shape, seen from the nose, by a product: (21, 10)."""
    keypoints = np.eye(NUM_KP, dtype=np.float32)
    return keypoints[:, POINTS] - keypoints[:, [NOSE]]


@cache
def _colour_places() -> tuple[Array, Array]:
    """Offsets of the places where a colour is read, (16, 2), and what makes 0..1 of them, less a half, (4, 5 * 16)."""
    side = np.linspace(-AROUND, AROUND, PLACES)
    around = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    rows = [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0.5, 0, 0.5]]  # the lip's halves make one
    means = np.array(rows).repeat(len(around), 1) / (2 * len(around))
    return around.astype(np.float32), means.astype(np.float32)


def _by_place(parameter: Tensor, places: int) -> Tensor:
    """Sort the outputs of the last layer, (..., 3 * places), by place and then by colour: (..., places * 4)."""
    planes = parameter.detach().unflatten(-1, (_COLOURS, places))
    return F.pad(planes.mT, (0, _CHANNELS - _COLOURS)).flatten(-2).contiguous()


def _gelu(x: Array) -> Array:
    half = x * np.float32(0.5)
    return half * erf(x * np.float32(math.sqrt(0.5))) + half
