"""Which numbers a setting may have."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InputError


@dataclass(frozen=True)
class Range:
    """Finite numbers from a least to a most one.

    Attributes:
        words: what they are, for messages: "0 or more".
        least: smallest one.
        most: largest one.
    """

    words: str
    least: float
    most: float = math.inf

    def __contains__(self, value: float) -> bool:
        return math.isfinite(value) and self.least <= value <= self.most


FINITE = Range("a number", -math.inf)
NOT_NEGATIVE = Range("0 or more", 0)
POSITIVE = Range("more than 0", math.nextafter(0, 1))
SHARE = Range("a share, 0 to 1", 0, 1)
BELOW_ONE = Range("0 or more and less than 1", 0, math.nextafter(1, 0))
AT_LEAST_ONE = Range("1 or more", 1)


def check_ranges(settings: object, **ranges: Range) -> None:
    """Settings must lie in their ranges.

    Args:
        settings: has an attribute, a number or a tuple of numbers, of each name.
        ranges: by the attributes' names.

    Raises:
        InputError: one does not.
    """
    for name, allowed in ranges.items():
        value = getattr(settings, name)
        for number in value if isinstance(value, tuple) else (value,):
            if number not in allowed:
                raise InputError(f"{name} must be {allowed.words}, got {number}")


def check_ascending(settings: object, *names: str) -> None:
    """Settings that are least and most of something must be in this order.

    Raises:
        InputError: one is not.
    """
    for name in names:
        least, most = getattr(settings, name)
        if not least <= most:
            raise InputError(f"{name} must be the least and most, in this order, got {least} and {most}")
