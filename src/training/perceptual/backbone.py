"""What a perceptual network is to the losses, and what all of ours have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, Self

import torch
from torch import Tensor, nn

from ...errors import InputError
from ..checks import check_pictures

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Backbone(Protocol):
    """Anything that turns pictures into feature maps."""

    def __call__(self, pictures: Tensor) -> Sequence[Tensor]:
        """Pictures (B, 3, H, W) RGB in 0..1 to feature maps (B, C, h, w), finest first."""
        ...


class FrozenNetwork(nn.Module):
    """A network that is never trained: it stays in evaluation mode, and its weights take no gradient.

    Args:
        mean: of the pictures it was trained with, for red, green and blue in 0..1.
        std: their deviation, likewise.
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def frozen(self) -> Self:
        """The network itself, in evaluation mode and without gradients of its weights."""
        return self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, also where the module that holds this one is trained."""
        return super().train(False)

    def normalised(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) in 0..1 as the network was trained with them.

        Raises:
            InputError: another number of axes.
        """
        check_pictures(pictures)
        return (pictures - self.mean) / self.std


def checked_taps(taps: Sequence[int], layers: int) -> tuple[int, ...]:
    """The taps themselves.

    Args:
        taps: numbers of layers whose outputs are features.
        layers: how many the network has.

    Raises:
        InputError: no taps, no such layer, or not in order.
    """
    if not taps or list(taps) != sorted(set(taps) & set(range(layers))):
        raise InputError(f"taps must be ascending numbers of layers, 0 to {layers - 1}, got {tuple(taps)}")
    return tuple(taps)


def tapped(x: Tensor, layers: Iterable[nn.Module], taps: Sequence[int]) -> list[Tensor]:
    """Outputs of the tapped layers; those behind the last one are not computed."""
    features = []
    for i, layer in enumerate(layers):
        x = layer(x)
        if i in taps:
            features.append(x)
        if i == taps[-1]:
            break
    return features
