"""The learning rate over the steps: a short rise, a plateau, and a fall to zero along a cosine."""

from __future__ import annotations

import math


def rate(step: int, steps: int, warmup: int, cooldown: float) -> float:
    """Factor on the learning rate at a step, 0..1.

    Args:
        step: 0, 1, ...
        steps: of the whole run.
        warmup: steps of the rise.
        cooldown: share of the steps that falls.
    """
    rising = min((step + 1) / warmup, 1.0) if warmup else 1.0
    begin = steps * (1 - cooldown)
    if step < begin:
        return rising
    return rising * (1 + math.cos(math.pi * (step - begin) / (steps - begin))) / 2
