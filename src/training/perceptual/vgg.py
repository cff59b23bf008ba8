"""VGG: the layers of any of its sizes, and VGG-19, the usual backbone of perceptual losses, with weights of the user's.

Source: Simonyan and Zisserman (arXiv 1409.1556), table 1; VGG-19 is configuration E. Layers are numbered as in the
common weights files: every convolution, ReLU and pooling counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from .sequential import SequentialFeatures

VGG19_TAPS = (1, 6, 11, 20, 29)  # relu1_1, relu2_1, relu3_1, relu4_1, relu5_1: face vid2vid and its forerunners

WIDTHS = (64, 128, 256, 512, 512)  # channels of each stage

_VGG19 = (2, 2, 4, 4, 4)  # convolutions of each stage


def vgg_layers(convolutions: Sequence[int]) -> list[nn.Module]:
    """The convolutional part of a VGG with random weights, each stage followed by a pooling.

    Args:
        convolutions: of each of the five stages.
    """
    layers: list[nn.Module] = []
    width = 3
    for repeats, channels in zip(convolutions, WIDTHS, strict=True):
        for _ in range(repeats):
            layers += [nn.Conv2d(width, channels, 3, padding=1), nn.ReLU()]
            width = channels
        layers.append(nn.MaxPool2d(2))
    return layers


def vgg19(path: Path | None = None, taps: Sequence[int] = VGG19_TAPS) -> SequentialFeatures:
    """VGG-19 up to the last tap.

    Args:
        path: of ``.pth`` or ``.safetensors`` weights, keys ``features.N.weight``; None for random ones.
        taps: numbers of the layers whose outputs are the features.

    Raises:
        InputError: no such layer.
        WeightsError: the file cannot be read, or does not fit.
    """
    network = SequentialFeatures(vgg_layers(_VGG19), taps)
    if path is not None:
        network.load(path)
    return network
