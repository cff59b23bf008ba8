"""The rule by which float32 results are judged, on sums whose rounding is known."""

import math

import pytest
import torch

from src.benchmark.distances import Distances, judged, largest, worst

# In float32 1 is lost beside 2**24 in one order of the sum and not in the other; in real arithmetic the sum is 2.
EAGER = [2.0**24, 1.0, 1.0, -(2.0**24)]
GOOD = [2.0**24, -(2.0**24), 1.0, 1.0]


def total(values: list[float], dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """The sum from left to right."""
    result = torch.zeros((), dtype=dtype)
    for value in values:
        result = result + torch.tensor(value, dtype=dtype)
    return result.double()


def apart(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    return (ours - theirs).abs().item()


def exact() -> torch.Tensor:
    return total(EAGER, torch.float64)


def test_the_sums_round_as_they_should():
    assert (total(EAGER), total(GOOD), exact()) == (0, 2, 2)


def test_float64_judges_where_float32_is_far():
    distances = judged(apart, total(GOOD), total(EAGER), exact)
    assert distances == Distances(2.0, 0.0, 2.0) and distances.passes
    assert distances.words == "0.0e+00 from float64, eager float32 itself 2.0e+00"


def test_being_no_worse_than_eager_float32_is_not_enough():
    better = judged(apart, total(GOOD) + 1.5e-4, total(EAGER), exact)
    assert better.exact < better.eager_exact and not better.passes


def test_the_limit_is_the_same_for_both():
    assert not judged(apart, total(GOOD) + 1.5e-4, total(GOOD), exact).passes
    assert judged(apart, total(GOOD) + 0.9e-4, total(GOOD) - 0.9e-4, exact).passes


@pytest.mark.parametrize("off", [0.0, 0.9e-4, math.nan, math.inf])
def test_float64_is_not_computed_without_need(off):
    def never() -> torch.Tensor:
        raise AssertionError("not needed")

    distances = judged(apart, total(GOOD) + off, total(GOOD), never)
    assert distances.passes is (off <= 1e-4) and distances.words == ""


def test_not_a_number_does_not_pass():
    assert not Distances(math.nan).passes
    assert not Distances(1.0, math.nan, 2.0).passes


@pytest.mark.parametrize("values", [[1.0, math.nan, 2.0], [math.nan, 1.0], [1.0, math.nan]])
def test_not_a_number_is_the_largest(values):
    assert math.isnan(largest(values)) and largest([1.0, 3.0, 2.0]) == 3


def test_the_worst():
    near, rounded, failed = Distances(5e-5), Distances(5e-3, 1e-5, 4e-3), Distances(2e-4)
    assert worst([near, rounded]) is rounded and worst([failed, rounded, near]) is failed
    assert math.isnan(worst([near, failed, Distances(math.nan)]).eager)
