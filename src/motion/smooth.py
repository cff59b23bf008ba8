"""Kalman smoothing of sequences, as for a source video (spec: pipeline, section 10)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

PROCESS_VARIANCE = 1e-5


def smooth(sequence: Tensor, observation_variance: float, process_variance: float = PROCESS_VARIANCE) -> Tensor:
    """Smooth every number of a sequence as a random walk that was observed with noise.

    All numbers share one model and therefore one series of gains, so the filter runs on scalars. The first state is
    the first observation with variance 1. A sequence of one frame is returned as it is.

    Args:
        sequence: (n, ...), one entry a frame.
        observation_variance: variance of the observations, > 0; larger is smoother.
        process_variance: variance of a step of the walk, > 0.

    Returns:
        The smoothed sequence, same shape, dtype and device; computed in float64.
    """
    if len(sequence) < 2:
        return sequence
    observed = sequence.detach().cpu().numpy().astype(np.float64)
    mean, variance = _filter(observed, observation_variance, process_variance)
    for i in range(len(mean) - 2, -1, -1):
        gain = variance[i] / (variance[i] + process_variance)
        mean[i] += gain * (mean[i + 1] - mean[i])
    return torch.from_numpy(mean).to(sequence)


def _filter(observed: np.ndarray, r: float, q: float) -> tuple[np.ndarray, np.ndarray]:
    """Forward pass: filtered means, as `observed`, and variances, (n,)."""
    mean, variance = observed.copy(), np.empty(len(observed))
    predicted = 1.0
    for i in range(len(observed)):
        before = mean[max(i - 1, 0)]  # a random walk predicts the last mean; frame 0 predicts itself
        gain = predicted / (predicted + r)
        mean[i] = before + gain * (observed[i] - before)
        variance[i] = (1 - gain) * predicted
        predicted = variance[i] + q
    return mean, variance
