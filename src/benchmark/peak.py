"""What the machine can do at best: products of large matrices and one large convolution, in GFLOP/s."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from .timing import Call, Timing, measure, synchronizer

_log = logging.getLogger(__name__)
_SIDES = {"cpu": 2048, "cuda": 8192}
_BATCHES = {"cpu": 1, "cuda": 32}
_CHANNELS = 256


@dataclass(frozen=True)
class PeakFigure:
    """One operation in one precision.

    Attributes:
        operation: "gemm" of square matrices, or "conv" of 3x3, channels last, 256 to 256 channels at 64 x 64.
        precision: of inputs and weights.
        timing: of a call, in seconds.
        gflops: 1e9 operations a second at the median.
    """

    operation: str
    precision: str
    timing: Timing
    gflops: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@torch.no_grad()
def measure_peak(
    device: torch.device, precisions: Sequence[str], *, runs: int, warmup: int, side: int | None = None
) -> Iterator[PeakFigure]:
    """Measure both operations in every precision.

    Args:
        device: where to run.
        precisions: "float32", "bfloat16", "float16".
        runs: counted runs of everything.
        warmup: runs before them.
        side: of the square matrices; None = what suits the device.
    """
    side = side or _SIDES.get(device.type, _SIDES["cpu"])
    batch_size = _BATCHES.get(device.type, 1)
    for precision in precisions:
        dtype: torch.dtype = getattr(torch, precision)
        for operation, (call, flop) in {
            "gemm": _gemm(device, dtype, side),
            "conv": _convolution(device, dtype, batch_size),
        }.items():
            _log.info("measuring %s, %s", operation, precision)
            timing = measure(call, warmup, runs, synchronizer(device))
            yield PeakFigure(operation, precision, timing, flop / timing.median / 1e9)


def _gemm(device: torch.device, dtype: torch.dtype, side: int) -> tuple[Call, float]:
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    return (lambda: a @ b), 2.0 * side**3


def _convolution(device: torch.device, dtype: torch.dtype, batch_size: int) -> tuple[Call, float]:
    size = 64
    layer = nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1, device=device, dtype=dtype)
    layer = layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    x = torch.randn(batch_size, _CHANNELS, size, size, device=device, dtype=dtype)
    x = x.contiguous(memory_format=torch.channels_last)
    return (lambda: layer(x)), 2.0 * batch_size * _CHANNELS * _CHANNELS * 9 * size * size
