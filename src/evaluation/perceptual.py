"""Perceptual distance of pictures: LPIPS on VGG-16, with weights from files that the user brings.

Source: Zhang et al. (arXiv 1801.03924), equation 1, version 0.1 of the linear layers; VGG-16 is configuration D of
Simonyan and Zisserman (arXiv 1409.1556), table 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ..engine.exact_float32 import exact_float32
from ..errors import InputError, MissingFileError, WeightsError
from ..training.perceptual.sequential import SequentialFeatures
from ..training.perceptual.vgg import WIDTHS, vgg_layers
from ..weights.load import load_strict, read_state

CHANNELS = WIDTHS  # of the features: one map a stage
_CONVOLUTIONS = (2, 2, 3, 3, 3)  # of each stage of VGG-16
_TAPS = (3, 8, 15, 22, 29)  # relu1_2, relu2_2, relu3_3, relu4_3, relu5_3
_EPS = 1e-10
_WANTED = (
    "two files, in this order: VGG-16 of torchvision (features.0.weight to features.28.bias) and the linear layers of "
    "LPIPS for it (lin0.model.1.weight to lin4)"
)


class LinearLayers(nn.Module):
    """How much each channel of the features counts; keys are those of the files.

    Args:
        channels: of each feature map.
    """

    def __init__(self, channels: Sequence[int] = CHANNELS) -> None:
        super().__init__()
        for i, width in enumerate(channels):  # number 0 is a dropout that is left out after the training
            layers = nn.Sequential(nn.Identity(), nn.Conv2d(width, 1, 1, bias=False))
            self.add_module(f"lin{i}", nn.ModuleDict({"model": layers}))

    def forward(self, a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
        """Distances (B,) of feature maps (B, C, h, w), 0 for equal ones."""
        distances = []
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            squared = (F.normalize(x, dim=1, eps=_EPS) - F.normalize(y, dim=1, eps=_EPS)).square()  # (B, C, h, w)
            distances.append(self.get_submodule(f"lin{i}.model")(squared).mean((1, 2, 3)))
        return torch.stack(distances).sum(0)


class Perceptual:
    """LPIPS of two pictures.

    Its shift (-0.030, -0.088, -0.188) and scale (0.458, 0.448, 0.450) of pictures in -1..1 are ImageNet's mean and
    deviation of pictures in 0..1, by which the backbone takes them.

    Args:
        backbone: makes the features.
        linear: weighs them.
        device: where both run.
    """

    def __init__(self, backbone: SequentialFeatures, linear: LinearLayers, device: torch.device) -> None:
        self._backbone = backbone.to(device)
        self._linear = linear.to(device)
        self._device = device

    @classmethod
    def from_files(cls, files: Sequence[Path], device: torch.device) -> Perceptual:
        """With weights of files, ``.pth`` or ``.safetensors``.

        Args:
            files: VGG-16 (keys ``features.N.weight``), then the linear layers (``lin0.model.1.weight`` to ``lin4``).
            device: where the networks run.

        Raises:
            InputError: another number of files.
            MissingFileError: one is not there.
            WeightsError: one cannot be read or does not fit.
        """
        for path in files:
            if not path.is_file():
                raise MissingFileError(f"--lpips names '{path}', which is not there: it takes {_WANTED}")
        if len(files) != 2:
            given = ", ".join(f"'{path}'" for path in files)
            raise InputError(f"--lpips was given {given}: it takes {_WANTED}")
        backbone, linear = vgg16(), LinearLayers()
        try:
            backbone.load(files[0])
            load_strict(linear, read_state(files[1]), f"'{files[1]}'")
        except WeightsError as error:
            raise WeightsError(f"{error}; --lpips takes {_WANTED}") from error
        return cls(backbone, linear, device)

    @torch.no_grad()
    def distance(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
        """Of two pictures (H, W, 3) uint8 RGB, 0 for equal ones."""
        with exact_float32(self._device):
            return float(self._linear(self._features(a), self._features(b)))

    def _features(self, picture: NDArray[np.uint8]) -> list[Tensor]:
        tensor = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)[None]  # (1, 3, H, W)
        features: list[Tensor] = self._backbone(tensor.to(self._device))
        return features


def vgg16() -> SequentialFeatures:
    """VGG-16 up to the last features of LPIPS, with random weights: layers are numbered as in torchvision's files."""
    return SequentialFeatures(vgg_layers(_CONVOLUTIONS), _TAPS)
