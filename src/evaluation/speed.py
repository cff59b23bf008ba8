"""Time of W and G for each set of weights, measured in turns in one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..benchmark.modules import module_calls
from ..benchmark.timing import Timing, measure_in_turns, synchronizer
from .methods import Networks

BATCH = 4
_WARMUP = 2


@dataclass(frozen=True)
class SpeedFigure:
    """One set of weights.

    Attributes:
        method: its name.
        timing: seconds a call for `BATCH` pictures of 512 pixels, from features and keypoints to bytes.
    """

    method: str
    timing: Timing

    @property
    def ms_per_picture(self) -> float:
        """Median milliseconds a picture."""
        return self.timing.median * 1e3 / BATCH

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "batch_size": BATCH, "ms_per_picture": self.ms_per_picture}


def measure_speed(methods: Sequence[Networks], runs: int) -> list[SpeedFigure]:
    """Time W+G of every set of weights with the engines that drew the pictures.

    Args:
        methods: sets of weights, all on one device.
        runs: calls of each.
    """
    calls = {method.name: module_calls(method.engine, BATCH, apart=False)["W+G"] for method in methods}
    timings = measure_in_turns(calls, _WARMUP, runs, synchronizer(methods[0].engine.device))
    return [SpeedFigure(name, timing) for name, timing in timings.items()]
