"""Multiply-adds of the networks as they are written, counted while they run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

_COUNTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


class Count:
    """Multiply-adds so far."""

    macs = 0


@contextmanager
def counted_macs() -> Iterator[Count]:
    """Count the multiply-adds of all convolutions and linear layers that are called in the block, padding included."""
    count = Count()

    def add(layer: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(layer, _COUNTED) and isinstance(output, Tensor):
            count.macs += output.numel() * layer.weight[0].numel()

    hook = register_module_forward_hook(add)
    try:
        yield count
    finally:
        hook.remove()
