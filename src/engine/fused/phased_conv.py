"""`PhasedConv`: a convolution of what `QUADRUPLED` gives, by phases; for precisions in which `PHASED` errs too much."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_ROWS = 16  # rows of the small map that are done at once
# For each of the four rows that stand for one: which of the map's rows it reads first, and the sums of taps it needs.
_PHASES = (
    (0, [[0], [1], [2]]),
    (1, [[0], [1, 2]]),  # two of the rows under its taps are equal
    (2, [[0, 1], [2]]),
    (2, [[0], [1], [2]]),
)


class PhasedConv(nn.Module):
    """A 3 x 3 convolution of (B, 3H, 3W, C), which stands for (B, 4H, 4W, C), to (B, 4H, 4W, O): 100 taps, not 144.

    Args:
        weight: (O, C, 3, 3).
        bias: (O,).
        dtype: of its weights and of what comes in.
    """

    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        kernels = [_summed(_summed(weight, down, 2), across, 3) for _, down in _PHASES for _, across in _PHASES]
        self.kernels = nn.ParameterList(
            nn.Parameter(kernel.to(dtype, memory_format=torch.channels_last), requires_grad=False) for kernel in kernels
        )
        self.register_buffer("bias", bias.to(dtype))

    def strips(self, x: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """The output in parts: which of its rows, and these rows (B, rows, 4W, O)."""
        height = x.shape[1] // 3
        padded = F.pad(x, (0, 0, 1, 1, 1, 1)).movedim(-1, 1)  # (B, C, 3H + 2, 3W + 2)
        for first in range(0, height, _ROWS):
            last = min(first + _ROWS, height)
            yield slice(4 * first, 4 * last), self._rows(padded[:, :, 3 * first : 3 * last + 2])

    def _rows(self, padded: Tensor) -> Tensor:
        phases = []
        for i, kernel in enumerate(self.kernels):
            down, across = _PHASES[i // 4][0], _PHASES[i % 4][0]
            height, width = (
                3 * (size // 3 - 1) + taps for size, taps in zip(padded.shape[2:], kernel.shape[2:], strict=True)
            )
            part = padded[:, :, down : down + height, across : across + width]
            phases.append(F.conv2d(part, kernel, self.bias, stride=3).movedim(1, -1))  # (B, H, W, O)
        rows = [torch.stack(phases[i : i + 4], dim=3).flatten(2, 3) for i in range(0, 16, 4)]
        return torch.stack(rows, dim=2).flatten(1, 2)


def _summed(weight: Tensor, taps: list[list[int]], axis: int) -> Tensor:
    """A kernel with some of its taps along one axis added up."""
    return torch.stack(
        [weight.index_select(axis, torch.tensor(tap, device=weight.device)).sum(axis) for tap in taps], dim=axis
    )
