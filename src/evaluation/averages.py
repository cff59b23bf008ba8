"""Means of figures: over frames, clips and people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

# Ratios to the real frames -> the two figures. Means come first: a clip in which little moves would outweigh all others
# if ratios were averaged.
_RATIOS = {
    "sharpness": ("detail", "detail_real"),
    "jitter_ratio": ("jitter", "jitter_real"),
    "flicker_ratio": ("flicker", "flicker_real"),
}


@dataclass(frozen=True)
class ClipFigures:
    """What one method gave on one clip.

    Attributes:
        method: its name.
        clip: its name.
        identity: label of the person.
        values: by name; nan = could not be measured.
        counts: how many frames, and other things, stand behind them.
    """

    method: str
    clip: str
    identity: str
    values: dict[str, float]
    counts: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without what could not be measured."""
        return asdict(self) | {"values": without_nan(self.values)}


def mean_of(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean of every figure over the rows that have it; nan where none has."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: _mean(row.get(name, math.nan) for row in rows) for name in names}


def mean_over_clips(figures: Iterable[ClipFigures], method: str) -> dict[str, float]:
    """Every clip counts alike, whatever its length; ratios are those of the means."""
    return with_ratios(mean_of([given.values for given in figures if given.method == method]))


def mean_over_people(figures: Iterable[ClipFigures], method: str) -> dict[str, float]:
    """Every person counts alike, however many clips or pairs show them; ratios are those of the means."""
    people: dict[str, list[dict[str, float]]] = {}
    for given in figures:
        if given.method == method:
            people.setdefault(given.identity, []).append(given.values)
    return with_ratios(mean_of([mean_of(rows) for rows in people.values()]))


def with_ratios(means: dict[str, float]) -> dict[str, float]:
    """Means, and the ratios to the real frames that follow from them; nan where the real frames have nothing."""
    ratios = {
        name: means[result] / means[real] if means[real] else math.nan
        for name, (result, real) in _RATIOS.items()
        if result in means and real in means
    }
    return means | ratios


def counts_in_all(figures: Iterable[ClipFigures], method: str) -> dict[str, int]:
    """Sums of the counts of all clips."""
    total: Counter[str] = Counter()
    for given in figures:
        if given.method == method:
            total.update(given.counts)
    return dict(total)


def without_nan(values: dict[str, float]) -> dict[str, float | None]:
    """JSON has no nan."""
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def _mean(values: Iterable[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return float(np.mean(finite)) if finite else math.nan
