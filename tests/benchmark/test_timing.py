"""Medians, quartiles, and the order in which calls are measured."""

import time

import pytest
import torch

from src.benchmark.timing import Timing, measure, measure_in_turns, synchronizer


def test_summary_of_runs():
    timing = Timing.of([1.0, 2.0, 3.0, 4.0, 100.0])
    assert (timing.low, timing.median, timing.high, timing.n) == (2.0, 3.0, 4.0, 5)
    assert timing.mean == 22.0 and timing.std == pytest.approx(39.0128, abs=1e-3)
    assert Timing.of([0.5]) == Timing(0.5, 0.5, 0.5, 0.5, 0.0, 1)


def test_runs_take_turns():
    seen: list[str] = []
    timings = measure_in_turns(
        {"a": lambda: seen.append("a"), "b": lambda: seen.append("b")}, 2, 3, lambda: seen.append("s")
    )
    assert seen[:4] == ["a", "a", "b", "b"]  # warmed up
    assert seen[4:] == ["s", "a", "s", "s", "b", "s"] * 3
    assert {name: timing.n for name, timing in timings.items()} == {"a": 3, "b": 3}


def test_warming_up_does_not_count():
    pauses = iter([0.2, 0.0, 0.0, 0.0])
    timing = measure(lambda: time.sleep(next(pauses)), 1, 3, lambda: None)
    assert timing.n == 3 and 0 < timing.mean < 0.1


def test_a_processor_needs_no_waiting():
    assert synchronizer(torch.device("cpu"))() is None
