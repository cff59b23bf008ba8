"""The texture of the compact model's mouth, mixed in where it is seen only: most of a picture is no open mouth."""

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
from .compact_openings import Openings, without_warnings
from .compact_sampling import centres, sampled

Array = NDArray[np.float32]

_WHITE = 255.0
_COLOURS, _CHANNELS = 3, 4


class FusedMouth:
    """Computes what `MouthTexture.over` computes: textures first, which need no paint, and what they do to it.

    Args:
        texture: with its weights, ready for inference.
    """

    def __init__(self, texture: MouthTexture) -> None:
        norm, layers = texture.norm, [layer for layer in texture.mlp if isinstance(layer, nn.Linear)]
        assert norm.running_mean is not None and norm.running_var is not None, "it keeps statistics"
        self._size, self._share = (texture.rows, texture.columns), float(texture.share)
        self._scale = (norm.running_var + norm.eps).rsqrt().numpy()
        self._shift = -norm.running_mean.numpy() * self._scale
        *hidden, last = [(layer.weight.detach().mT, layer.bias.detach()) for layer in layers]
        self._hidden = [(weight.contiguous().numpy(), bias.numpy()) for weight, bias in hidden]
        self._last = tuple(
            (_by_place(parameter, texture.rows * texture.columns) * _WHITE).numpy() for parameter in last
        )

    @without_warnings
    def textures(self, warped: Sequence[Array], kp: Array, openings: Openings) -> Array:
        """Draw the mouth's texture of every frame.

        Args:
            warped: B warped pictures, (n, n, 4) RGB in -1..1.
            kp: of the driving frames, (B, 21, 3).
            openings: of these frames.

        Returns:
            (B, rows, columns, 4) in levels of 255; the fourth channel means nothing.
        """
        known = np.concatenate([_mouth_shape(kp, openings), _colours(warped, kp)], 1)
        y = (known * self._scale + self._shift).clip(-FARTHEST, FARTHEST)
        for weight, bias in self._hidden:
            y = _gelu(y @ weight + bias)
        weight, bias = self._last
        return (y @ weight + bias).clip(0, _WHITE).reshape(-1, *self._size, _CHANNELS)

    def mix(self, paint: Array, textures: Array, apertures: Sequence[Aperture]) -> None:
        """Mix textures into G's paint where mouths open, in place.

        Args:
            paint: (B, N, N, 4) in levels of 255.
            textures: of `textures`.
            apertures: what is painted in each frame.
        """
        for picture, texture, aperture in zip(paint, textures, apertures, strict=True):
            if aperture.mouth is not None:
                _mix(picture, texture, replace(aperture.mouth, gain=self._share))


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
    covered = paint[rows, columns]
    over -= covered
    over *= cv2.cvtColor(mouth.values_at(first, second), cv2.COLOR_GRAY2RGBA)
    covered += over


def _mouth_shape(kp: Array, openings: Openings) -> Array:
    """As `mouth_texture.known` without the colours, of B frames: (B, 30)."""
    plane = (openings.place @ _nose_matrix()) * (openings.across_eyes.conj() * (10 / openings.distance))[:, None]
    shape = np.empty((*plane.shape, 3), np.float32)  # (B, 10, 3)
    shape[..., 0], shape[..., 1] = plane.real, plane.imag
    np.multiply(kp[..., 2] @ _nose_matrix(), (10 / openings.distance)[:, None], out=shape[..., 2])
    return shape.reshape(len(shape), -1)


def _colours(warped: Sequence[Array], kp: Array) -> Array:
    """As `face_colours` of B pictures (n, n, 4) in -1..1, (B, 12) in 0..1."""
    size, (around, means) = len(warped[0]), _colour_places()
    place = (kp[:, COLOURED, None, :2] + around) * np.float32(size / 2) + np.float32((size - 1) / 2)  # (B, 5, 16, 2)
    seen = np.stack(list(map(sampled, warped, place.clip(0, size - 1))))  # (B, 5, 16, 4)
    colours = means @ seen.reshape(len(seen), means.shape[1], -1)  # (B, 4, 4)
    return (colours[..., :_COLOURS] + np.float32(0.5)).reshape(len(seen), -1)


@cache
def _nose_matrix() -> Array:
    """Matrix from keypoints to those that tell the mouth's shape, less the nose: (21, 10)."""
    keypoints = np.eye(NUM_KP, dtype=np.float32)
    return keypoints[:, POINTS] - keypoints[:, [NOSE]]


@cache
def _colour_places() -> tuple[Array, Array]:
    """Offsets of the places where a colour is read, (16, 2), and weights that average and halve what is read, (4, 80).

    Halved, -1..1 becomes 0..1 less a half.
    """
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
