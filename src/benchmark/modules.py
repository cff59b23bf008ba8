"""Times of the single networks, in several ways to run them, side by side in one run."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from ..engine.compact import CompactEngine
from ..engine.engine import Engine
from ..weights.resolve import ResolvedModel
from .costs import counted_macs
from .eager_parts import eager_parts
from .inputs import random_inputs
from .peak_memory import peak_memory_mib
from .timing import Call, Timing, measure_in_turns, synchronizer
from .variants import Variant, networks_of

MODULES = ("F", "M", "W", "G", "W+G", "S+R")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModuleFigure:
    """One network (or W+G), run in one way, at one batch size.

    Attributes:
        module: F, M, W, G, W+G (features and keypoints to finished pictures, uint8) or S+R.
        batch_size: pictures a call.
        variant: how it is run.
        timing: of a call, in seconds.
        ratio: how many times as fast as the baseline at the same batch size.
        ratio_single: how many times as fast a picture is as with the baseline one at a time; None if not measured.
        gmac: multiply-adds of the plain network a call, in 1e9; None where they cannot be counted.
        memory_mib: most memory of a call above what was held before it, see `peak_memory_mib`.
    """

    module: str
    batch_size: int
    variant: str
    timing: Timing
    ratio: float
    ratio_single: float | None
    gmac: float | None
    memory_mib: float

    @property
    def ms_per_picture(self) -> float:
        """Median milliseconds a picture."""
        return self.timing.median * 1e3 / self.batch_size

    @property
    def gflops(self) -> float | None:
        """1e9 operations of the plain network a second; a network that does less work shows more than the peak."""
        return None if self.gmac is None else 2 * self.gmac / self.timing.median

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "ms_per_picture": self.ms_per_picture, "gflops": self.gflops}


@torch.no_grad()
def measure_modules(
    model: ResolvedModel,
    device: torch.device,
    variants: Sequence[Variant],
    batch_sizes: Sequence[int],
    *,
    runs: int,
    warmup: int,
    modules: Sequence[str] = MODULES,
) -> Iterator[ModuleFigure]:
    """Measure each network in all variants, their runs in turns.

    Args:
        model: files and definition.
        device: where to run.
        variants: ways to run it; the first is what the others are compared with.
        batch_sizes: pictures a call.
        runs: counted runs of everything.
        warmup: runs before them.
        modules: which networks, of `MODULES`.

    Yields:
        One figure after the other: by batch size, network and variant.

    Raises:
        InputError: the device cannot do a variant.
    """
    engines = {str(variant): variant.create(model, device) for variant in variants}
    single: dict[str, float] = {}
    for batch_size in batch_sizes:
        calls = {name: module_calls(engine, batch_size) for name, engine in engines.items()}
        for module in modules:
            there = {name: found[module] for name, found in calls.items() if module in found}
            yield from _figures(module, batch_size, there, device, runs, warmup, single)


def module_calls(engine: Engine, batch_size: int, *, apart: bool = True) -> dict[str, Call]:
    """What there is to be measured of an engine: a call without arguments for each network.

    Args:
        engine: of `create_engine`.
        batch_size: pictures a call.
        apart: also W and G by themselves, where the engine has them.
    """
    networks, inputs = networks_of(engine), random_inputs(engine, batch_size)
    features, pictures = engine.encode_source(inputs.source), inputs.network_pictures
    heads, x_s = engine.heads, inputs.x_s
    eyes, lips = (torch.full((batch_size, n), 0.3, device=engine.device) for n in (3, 2))

    def move() -> None:
        heads.stitch(x_s, inputs.x_d)
        heads.retarget_eye(x_s, eyes)
        heads.retarget_lip(x_s, lips)

    calls: dict[str, Call] = {"F": lambda: networks.appearance(pictures)}
    if not isinstance(engine, CompactEngine):  # which measures landmarks instead
        calls["M"] = lambda: engine.get_kp_info(inputs.driving, refine=False)
    if apart:
        calls |= eager_parts(networks, features, inputs)
    calls["W+G"] = lambda: networks.draw(features, x_s, inputs.x_d)
    return {**calls, "S+R": move}


def _figures(
    module: str,
    batch_size: int,
    calls: Mapping[str, Call],
    device: torch.device,
    runs: int,
    warmup: int,
    single: dict[str, float],
) -> Iterator[ModuleFigure]:
    """Figures of one network; the baseline's seconds at batch size 1 are kept in `single`."""
    if not calls:
        return
    _log.info("measuring %s, batch size %d", module, batch_size)
    first = next(iter(calls))
    with counted_macs() as count:
        calls[first]()  # the baseline: plain modules
    timings = measure_in_turns(calls, warmup, runs, synchronizer(device))
    base = timings[first].median
    if batch_size == 1:
        single[module] = base
    for name, timing in timings.items():
        yield ModuleFigure(
            module=module,
            batch_size=batch_size,
            variant=name,
            timing=timing,
            ratio=base / timing.median,
            ratio_single=batch_size * single[module] / timing.median if module in single else None,
            gmac=count.macs / 1e9 or None,
            memory_mib=peak_memory_mib(calls[name], device),
        )
