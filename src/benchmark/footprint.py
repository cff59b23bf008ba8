"""Memory of a model's networks by themselves: weights and everything in between."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from ..weights.resolve import ResolvedModel
from .modules import module_calls
from .peak_memory import peak_memory_mib
from .variants import Variant

_NEEDED = ("F", "M", "W+G", "S+R")


@dataclass(frozen=True)
class FootprintFigure:
    """One variant at one batch size.

    Attributes:
        variant: how the networks are run.
        batch_size: pictures a call.
        memory_mib: most memory of loading and running F, M, W, G, S and R, above what was held before.
    """

    variant: str
    batch_size: int
    memory_mib: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@torch.no_grad()
def measure_footprints(
    model: ResolvedModel, device: torch.device, variants: Sequence[Variant], batch_sizes: Sequence[int]
) -> Iterator[FootprintFigure]:
    """Load and run the networks of one variant after the other, none beside another one.

    Raises:
        InputError: the device cannot do a variant.
    """
    for variant in variants:
        for batch_size in batch_sizes:

            def run(variant: Variant = variant, batch_size: int = batch_size) -> None:
                calls = module_calls(variant.create(model, device), batch_size, apart=False)
                for name in _NEEDED:
                    if name in calls:
                        calls[name]()

            gc.collect()
            if device.type == "cuda":
                torch.cuda.empty_cache()
            yield FootprintFigure(str(variant), batch_size, peak_memory_mib(run, device))
