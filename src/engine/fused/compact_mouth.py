"""The texture of the compact model's mouth, drawn where it is seen only: most of a picture is no open mouth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import erf
from torch import Tensor, nn

from ...modules.compact.grid import cell_centres
from ...modules.compact.mouth_texture import FARTHEST, MouthTexture, face_colours, known, sample_texture
from .compact_aperture import Aperture, Ellipse

Floats = NDArray[np.floating]

_WHITE = 255.0
_COLOURS = 3


class FusedMouth:
    """Computes what `MouthTexture.over` computes, in place, in frames in which it is seen.

    Args:
        texture: with its weights, ready for inference.
    """

    def __init__(self, texture: MouthTexture) -> None:
        self._texture, self._share = texture, float(texture.share)
        norm, layers = texture.norm, [layer for layer in texture.mlp if isinstance(layer, nn.Linear)]
        assert norm.running_mean is not None and norm.running_var is not None, "it keeps statistics"
        self._mean, self._scale = norm.running_mean.numpy(), (norm.running_var + norm.eps).rsqrt().numpy()
        self._layers = [(np.ascontiguousarray(layer.weight.mT.numpy()), layer.bias.numpy()) for layer in layers]

    def __call__(self, paint: Tensor, warped: Tensor, kp: Tensor, seen: Sequence[Aperture]) -> None:
        """Mix the texture into G's paint.

        Args:
            paint: (B, N, N, 4) in levels of 255.
            warped: the warped picture, (B, n, n, 3 or 4) RGB in -1..1.
            kp: of the driving frames, (B, 21, 3).
            seen: what is painted in each of them.
        """
        if not any(aperture.mouth for aperture in seen):
            return
        colours = face_colours(warped.permute(0, 3, 1, 2)[:, :_COLOURS], kp) / 2 + 0.5
        textures = self._drawn(known(colours, kp))
        for picture, texture, aperture in zip(paint, textures, seen, strict=True):
            if aperture.mouth is not None:
                _mix(picture, texture, replace(aperture.mouth, gain=self._share))

    def _drawn(self, x: Tensor) -> Tensor:
        """Textures (B, 3, rows, columns) in levels of 255, by numpy: torch would wake its threads for so little."""
        y = ((x.numpy() - self._mean) * self._scale).clip(-FARTHEST, FARTHEST)
        for i, (weight, bias) in enumerate(self._layers):
            y = (_gelu(y) if i else y) @ weight + bias
        shape = (_COLOURS, self._texture.rows, self._texture.columns)
        return torch.from_numpy(y.clip(0, 1) * y.dtype.type(_WHITE)).unflatten(1, shape)


def _mix(paint: Tensor, texture: Tensor, mouth: Ellipse) -> None:
    """Mix a texture (3, rows, columns) into the paint of one frame, (N, N, 4)."""
    window = Aperture(mouth, []).window(len(paint))
    if window is None:
        return
    rows, columns = window
    centres = cell_centres(len(paint), texture).numpy()
    x, y = centres[columns], centres[rows]
    position = torch.from_numpy(np.stack(mouth.along(x, y), -1))[None]  # (1, h, w, 2)
    drawn = sample_texture(texture[None], position)[0].permute(1, 2, 0)  # (h, w, 3)
    paint[rows, columns, :_COLOURS].lerp_(drawn, torch.from_numpy(mouth.draw(x, y))[..., None])


def _gelu(x: Floats) -> Floats:
    return x * x.dtype.type(0.5) * (1 + erf(x * x.dtype.type(math.sqrt(0.5))))
