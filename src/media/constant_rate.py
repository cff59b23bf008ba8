"""From timestamps to a constant frame rate."""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TypeVar

Item = TypeVar("Item")

_HIGHEST_RATE = 1000


def constant_rate(
    timed: Iterable[tuple[Fraction, Fraction, Item]], fps: Fraction, tolerance: Fraction
) -> Iterator[tuple[int, Item]]:
    """Resample items to a constant rate: output ``k`` is the last item that has begun at time ``k / fps``.

    Args:
        timed: (start, end, item) in seconds from the first item, in order of start.
        fps: rate of the output.
        tolerance: seconds by which a start may be late and still count as begun (see ``timestamp_tolerance``).

    Yields:
        (k, item) until the last item has ended, rounded to whole frames; at least one if there is an item.
    """
    k = 0
    shown: Item | None = None
    last_end = Fraction(0)
    for start, end, item in timed:
        while shown is not None and k / fps + tolerance < start:
            yield k, shown
            k += 1
        shown, last_end = item, end
    if shown is not None:
        for index in range(k, max(round(last_end * fps), k, 1)):
            yield index, shown


def timestamp_tolerance(fps: Fraction, tick: Fraction) -> Fraction:
    """How late a rounded timestamp may be: one tick of the container's clock, but less than half a frame.

    Without it, timestamps in milliseconds (Matroska) would repeat and drop frames of a clip of constant rate.
    """
    return min(tick, 1 / (4 * fps))


def stream_rate(
    ticks: Sequence[int], end: int, tick: Fraction, average: Fraction | None, finest: Fraction | None
) -> Fraction | None:
    """Frame rate of a stream, as a fraction.

    A usual or declared rate that all timestamps agree with: then the clip has a constant rate. (The declared average
    alone does not tell it: rounded timestamps blur it, and it counts a last frame of odd length in.) For a clip of
    variable rate the declared average, unless the timestamps contradict it, as those of some recorders do: then frames
    divided by time.

    Args:
        ticks: start of every frame, ascending, the first at 0.
        end: end of the last frame, in ticks.
        tick: length of a tick in seconds.
        average: average rate by the container's header.
        finest: rate by the container's header that all timestamps are multiples of.

    Returns:
        Frames per second, or None if nothing tells.
    """
    for rate in (*_usual_rates(average), average, finest):
        if rate and 0 < rate <= _HIGHEST_RATE and _is_constant(ticks, rate, tick):
            return rate
    if len(ticks) < 2 or end <= 0:
        return None
    measured = (Fraction(len(ticks)) / (end * tick)).limit_denominator(100_000)
    if average and measured / 2 <= average <= 2 * measured:
        return average
    return measured if measured <= _HIGHEST_RATE else None


def _usual_rates(average: Fraction | None) -> list[Fraction]:
    """The whole rates and NTSC rates (n * 1000 / 1001) that a blurred average can stand for, nearest first."""
    if not average:
        return []
    usual = (Fraction(round(average)), Fraction(round(average * 1001 / 1000) * 1000, 1001))
    return sorted(
        (rate for rate in usual if abs(rate - average) < average / 1000), key=lambda rate: abs(rate - average)
    )


def _is_constant(ticks: Sequence[int], rate: Fraction, tick: Fraction) -> bool:
    per_frame = float(1 / (rate * tick))
    slack = float(timestamp_tolerance(rate, tick) / tick) + 1e-6
    return all(math.fabs(start - k * per_frame) <= slack for k, start in enumerate(ticks))
