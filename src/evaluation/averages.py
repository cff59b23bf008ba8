"""Means of figures: over frames, clips and people."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ClipFigures:
    """What one method gave on one clip.

    Attributes:
        method: its name.
        clip: its name.
        identity: label of the person.
        values: by name; nan = could not be measured.
    """

    method: str
    clip: str
    identity: str
    values: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without what could not be measured."""
        return asdict(self) | {"values": without_nan(self.values)}


def mean_of(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean of every figure over the rows that have it; nan where none has."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: _mean(row.get(name, math.nan) for row in rows) for name in names}


def mean_over_clips(figures: Iterable[ClipFigures], method: str) -> dict[str, float]:
    """Every clip counts alike, whatever its length."""
    return mean_of([given.values for given in figures if given.method == method])


def mean_over_people(figures: Iterable[ClipFigures], method: str) -> dict[str, float]:
    """Every person counts alike, however many clips show them."""
    people: dict[str, list[dict[str, float]]] = {}
    for given in figures:
        if given.method == method:
            people.setdefault(given.identity, []).append(given.values)
    return mean_of([mean_of(rows) for rows in people.values()])


def without_nan(values: dict[str, float]) -> dict[str, float | None]:
    """JSON has no nan."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def _mean(values: Iterable[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.mean(finite)) if finite else math.nan
