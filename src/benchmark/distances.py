"""One rule for all that is compared with eager float32."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf, isfinite, isnan
from typing import TypeVar

TOLERANCE = 1e-4
T = TypeVar("T")


@dataclass(frozen=True)
class Distances:
    """How far something is from eager float32, and, where that is too far, both of them from float64.

    Deep networks amplify rounding: two orders of the same float32 sums may lie farther apart than the limit with each
    of them within it of the true sum.

    Attributes:
        eager: distance from eager float32.
        exact: distance from eager float64; None where that was not needed.
        eager_exact: eager float32's own distance from eager float64; None likewise.
    """

    eager: float
    exact: float | None = None
    eager_exact: float | None = None

    @property
    def passes(self) -> bool:
        """Within the limit of the plain networks, be it in float32 or in float64; not-a-number is not."""
        return self.eager <= TOLERANCE or (self.exact is not None and self.exact <= TOLERANCE)

    @property
    def words(self) -> str:
        """Both distances from float64; empty where they were not needed."""
        if self.exact is None or self.eager_exact is None:
            return ""
        return f"{self.exact:.1e} from float64, eager float32 itself {self.eager_exact:.1e}"


def largest(values: Iterable[float]) -> float:
    """The largest of some distances, not-a-number before all others: `max` may lose it."""
    return max(values, key=lambda value: inf if isnan(value) else value)


def worst(each: Iterable[Distances]) -> Distances:
    """Those that do not pass before those that do, and the farthest of them."""
    return min(each, key=lambda one: (one.passes, -inf if isnan(one.eager) else -one.eager))


def judged(distance: Callable[[T, T], float], found: T, eager: T, exact: Callable[[], T]) -> Distances:
    """Measure what is needed to tell whether something is what the plain networks give.

    Args:
        distance: of two results.
        found: what is judged.
        eager: of eager float32.
        exact: makes that of eager float64, which is slow: called only where the limit is missed.
    """
    apart = distance(found, eager)
    if apart <= TOLERANCE or not isfinite(apart):
        return Distances(apart)
    truth = exact()
    return Distances(apart, distance(found, truth), distance(eager, truth))
