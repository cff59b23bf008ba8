"""Convolutions of the fused compact networks: weights transformed once, maps in channels-last order."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_KINDS = {4: (F.conv2d, torch.channels_last), 5: (F.conv3d, torch.channels_last_3d)}  # by dimensions of the weights


class Conv:
    """A convolution over maps in channels-last order, (B, C, [D,] H, W), that keeps their size.

    With few channels and a batch of one, torch would choose its own convolutions, which are up to eight times as slow
    as oneDNN's in three dimensions; so oneDNN is called by its name on the processor.

    Args:
        weight: (O, C, [D,] h, w), odd h and w; an even D is summed up (no padding along the depth).
        bias: (O,).
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._conv, order = _KINDS[weight.dim()]
        self._weight = weight.detach().contiguous(memory_format=order)
        self._bias = None if bias is None else bias.detach()
        self._padding = tuple(0 if side % 2 == 0 else side // 2 for side in weight.shape[2:])
        self._unit = (1,) * len(self._padding)
        self._onednn = (
            weight.device.type == "cpu" and weight.dtype == torch.float32 and torch.backends.mkldnn.is_available()
        )

    def __call__(self, x: Tensor) -> Tensor:
        """Convolve: (B, C, ...) to (B, O, ...)."""
        if self._onednn:
            return torch.mkldnn_convolution(x, self._weight, self._bias, self._padding, self._unit, self._unit, 1)
        result: Tensor = self._conv(x, self._weight, self._bias, padding=self._padding)
        return result
