import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.training.schedule import rate


def test_rise_plateau_and_fall():
    rates = [rate(step, 1000, warmup=100, cooldown=0.5) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01) and rates[49] == pytest.approx(0.5) and rates[99] == 1
    assert set(rates[100:500]) == {1.0}
    assert rates[750] == pytest.approx(0.5) and rates[999] < 1e-4
    assert all(later <= earlier for earlier, later in pairwise(rates[500:]))


@given(st.integers(1, 10_000), st.integers(0, 1000), st.floats(0, 1))
def test_it_is_a_share(steps, warmup, cooldown):
    for step in {0, steps // 2, steps - 1}:
        assert 0 <= rate(step, steps, warmup, cooldown) <= 1 and math.isfinite(rate(step, steps, warmup, cooldown))


def test_a_run_can_be_prolonged_before_the_fall():
    assert [rate(s, 1000, 10, 0.3) for s in range(700)] == [rate(s, 5000, 10, 0.3) for s in range(700)]
