"""Times of calls: medians with their spread, and several calls measured in turns."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

Call = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """Seconds that a call takes.

    Attributes:
        median: of the runs.
        low: their lower quartile.
        high: their upper quartile.
        mean: of the runs.
        std: their standard deviation.
        n: number of runs.
    """

    median: float
    low: float
    high: float
    mean: float
    std: float
    n: int

    @staticmethod
    def of(seconds: Sequence[float]) -> Timing:
        """Sum up single runs, one or more."""
        low, median, high = (float(value) for value in np.percentile(seconds, [25, 50, 75]))
        return Timing(median, low, high, float(np.mean(seconds)), float(np.std(seconds)), len(seconds))


def synchronizer(device: torch.device) -> Callable[[], None]:
    """Waits until a device has done all it was asked to; a processor always has."""
    if device.type == "cuda":
        return lambda: torch.cuda.synchronize(device)
    if device.type == "mps":
        return torch.mps.synchronize
    return lambda: None


def measure(call: Call, warmup: int, runs: int, sync: Callable[[], None]) -> Timing:
    """Time a call.

    Args:
        call: what is measured.
        warmup: calls before it that do not count.
        runs: calls that do, at least 1.
        sync: waits until the device is done.
    """
    return measure_in_turns({"": call}, warmup, runs, sync)[""]


def measure_in_turns(calls: Mapping[str, Call], warmup: int, runs: int, sync: Callable[[], None]) -> dict[str, Timing]:
    """Time several calls, one run of each after the other: whatever slows the machine down slows all of them alike.

    Args:
        calls: what is measured, by name.
        warmup: calls of each that do not count.
        runs: calls of each that do, at least 1.
        sync: waits until the device is done.
    """
    for call in calls.values():
        for _ in range(warmup):
            call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            seconds[name].append(_seconds(call, sync))
    return {name: Timing.of(values) for name, values in seconds.items()}


def _seconds(call: Call, sync: Callable[[], None]) -> float:
    sync()
    begin = time.perf_counter()
    call()
    sync()
    return time.perf_counter() - begin
