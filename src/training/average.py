"""The exponential average of weights: what is tried and exported, since single steps are noisy."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """Follows networks slowly.

    Args:
        networks: what to follow.
        decay: share of the old average that a step keeps; in the beginning less, so that it forgets where it began.
    """

    def __init__(self, networks: nn.ModuleDict, decay: float) -> None:
        self.networks = copy.deepcopy(networks).requires_grad_(False).eval()
        self._decay = decay

    @torch.no_grad()
    def follow(self, networks: nn.ModuleDict, step: int) -> None:
        """Take in the networks after a step (0, 1, ...)."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for mine, theirs in zip(self.networks.parameters(), networks.parameters(), strict=True):
            mine.lerp_(theirs, 1 - decay)
        for statistic, current in zip(self.networks.buffers(), networks.buffers(), strict=True):
            if statistic.is_floating_point():  # those of the last few batches would not fit averaged weights
                statistic.lerp_(current, 1 - decay)
            else:
                statistic.copy_(current)
