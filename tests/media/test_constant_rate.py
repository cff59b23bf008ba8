from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.media.constant_rate import constant_rate, stream_rate, timestamp_tolerance

RATES = [Fraction(24000, 1001), 24, 25, Fraction(30000, 1001), 30, 50, Fraction(60000, 1001), Fraction(17, 2)]


@given(
    gaps=st.lists(st.integers(1, 400), min_size=1, max_size=30),
    rate=st.fractions(1, 120, max_denominator=1001),
)
def test_shows_the_last_item_that_has_begun(gaps, rate):
    """Against the definition, spelled out over the whole clip."""
    starts = [Fraction(sum(gaps[:i]), 1000) for i in range(len(gaps))]
    ends = [*starts[1:], starts[-1] + Fraction(gaps[-1], 1000)]
    shown = list(constant_rate(zip(starts, ends, range(len(gaps)), strict=True), rate, Fraction(0)))
    assert [k for k, _ in shown] == list(range(len(shown)))
    for k, item in shown:
        assert item == max(i for i, start in enumerate(starts) if start <= k / rate)
    assert abs(len(shown) / rate - ends[-1]) < 1 / rate


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("tick", [Fraction(1, 1000), Fraction(1, 90000), "frame"])
def test_a_constant_clip_comes_out_one_to_one(rate, tick):
    rate = Fraction(rate)
    tick = 1 / rate if tick == "frame" else tick
    ticks = [round(i / rate / tick) for i in range(500)]
    ends = [*ticks[1:], round(500 / rate / tick)]
    assert stream_rate(ticks, ends[-1], tick, rate, None) == rate
    timed = ((start * tick, end * tick, i) for i, (start, end) in enumerate(zip(ticks, ends, strict=True)))
    shown = list(constant_rate(timed, rate, timestamp_tolerance(rate, tick)))
    assert shown == [(i, i) for i in range(500)]


def test_the_rate_of_a_stream():
    tick = Fraction(1, 1000)
    constant = [0, 40, 80, 120]
    uneven = [0, 40, 150, 160]
    assert stream_rate(constant, 160, tick, None, Fraction(25)) == 25
    # a last frame of odd length spoils the header's average
    assert stream_rate(constant, 320, tick, Fraction(25, 2), Fraction(25)) == 25
    # rounded timestamps blur it
    blurred = [0, 17, 33, 50, 67, 83]
    assert stream_rate(blurred, 100, tick, Fraction(19001, 317), None) == Fraction(60000, 1001)
    assert stream_rate(uneven, 200, tick, Fraction(21), Fraction(1000)) == 21
    assert stream_rate(uneven, 200, tick, Fraction(1000), Fraction(1000)) == 20
    assert stream_rate(uneven, 200, tick, None, None) == 20
    assert stream_rate([0], 40, tick, None, None) is None
    assert stream_rate([0], 40, tick, Fraction(12), None) == 12


def test_nothing_in_nothing_out():
    assert list(constant_rate([], Fraction(25), Fraction(0))) == []
    assert list(constant_rate([(Fraction(0), Fraction(0), "a")], Fraction(25), Fraction(0))) == [(0, "a")]
