"""LPIPS: a learnt perceptual distance of pictures; weights come from files of the user.

Source: Zhang et al. (arXiv 1801.03924), equation 1, version 0.1 of the weights. AlexNet as in Krizhevsky (arXiv
1404.5997).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import WeightsError
from ...weights.load import read_state
from ..losses.checks import check_alike
from ..losses.precision import in_float32
from .sequential import SequentialFeatures
from .vgg import vgg16

ALEXNET_TAPS = (1, 4, 7, 9, 11)
_EPS = 1e-10
_HEAD = "lin{}.model.1.weight"


class Lpips(nn.Module):
    """Distance of pictures in unit-length features, each channel weighted by a trained head.

    Args:
        backbone: `vgg16` or `alexnet`, with ImageNet weights.
        heads: one for each of its features, channels (C,) each, >= 0.
    """

    def __init__(self, backbone: SequentialFeatures, heads: Sequence[Tensor]) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = nn.ParameterList(nn.Parameter(head, requires_grad=False) for head in heads)

    @in_float32
    def forward(self, result: Tensor, target: Tensor) -> Tensor:
        """Distances of pictures (B, 3, H, W) in 0..1: (B,), 0 for equal ones.

        Raises:
            InputError: the shapes differ.
        """
        check_alike(result, target)
        distance = result.new_zeros(len(result))
        for head, a, b in zip(self.heads, self.backbone(result), self.backbone(target), strict=True):
            squared = (F.normalize(a, dim=1, eps=_EPS) - F.normalize(b, dim=1, eps=_EPS)).square()  # (B, C, h, w)
            distance = distance + (squared * head.view(1, -1, 1, 1)).sum(1).mean((1, 2))
        return distance


def lpips_vgg(backbone: Path, heads: Path) -> Lpips:
    """LPIPS on VGG-16.

    Args:
        backbone: file of ImageNet weights, keys ``features.N.weight``.
        heads: file of the linear heads, keys ``lin0.model.1.weight`` to ``lin4``.

    Raises:
        WeightsError: a file cannot be read, or does not fit.
    """
    return Lpips(vgg16(backbone), read_heads(heads, (64, 128, 256, 512, 512)))


def lpips_alexnet(backbone: Path, heads: Path) -> Lpips:
    """LPIPS on AlexNet, the form that papers report; arguments and errors as of `lpips_vgg`."""
    network = alexnet()
    network.load(backbone)
    return Lpips(network, read_heads(heads, (64, 192, 384, 256, 256)))


def alexnet() -> SequentialFeatures:
    """AlexNet's convolutions with random weights; five features."""
    layers = [
        *(nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(192, 384, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(384, 256, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(256, 256, 3, padding=1), nn.ReLU()),
    ]
    return SequentialFeatures(layers, ALEXNET_TAPS)


def read_heads(path: Path, channels: Sequence[int]) -> list[Tensor]:
    """The linear heads of a file.

    Args:
        path: of the file.
        channels: that each head must have.

    Returns:
        Weights (C,) float32 of each.

    Raises:
        WeightsError: the file cannot be read, or a head is missing or of another shape.
    """
    state = read_state(path)
    heads = []
    for i, width in enumerate(channels):
        key = _HEAD.format(i)
        head = state.get(key)
        if not isinstance(head, Tensor) or head.shape != (1, width, 1, 1):
            raise WeightsError(
                f"'{path}' is no file of LPIPS heads for this network: {key} (1, {width}, 1, 1) is missing"
            )
        heads.append(head.reshape(-1).to(torch.float32))
    return heads
