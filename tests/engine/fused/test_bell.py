"""Gaussians that end before products of them become subnormal numbers."""

import pytest
import torch

from src.engine.fused import compact_motion, separable
from src.engine.fused.bell import bell

TINY = torch.finfo(torch.float32).tiny


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_is_missed(dtype):
    squares = torch.linspace(0, 4, 4001, dtype=dtype)
    off = (bell(squares, 0.01) - torch.exp(-squares / 0.02)).abs().max()
    assert 0 < off < torch.finfo(dtype).eps / 100


def test_half_precision_keeps_what_it_has():
    assert bell(torch.tensor([0.1], dtype=torch.float16), 0.01)[0] > 0.006


@pytest.mark.parametrize("gaussians", [separable.gaussians, lambda kp, size, v: compact_motion.gaussians(kp, *size, v)])
def test_blobs_without_subnormal_numbers(gaussians):
    """A processor multiplies them several times as slowly."""
    kp = torch.tensor([[[-0.9, -0.9, -0.9], [0.9, 0.3, -0.2], [3.0, -3.0, 3.0]]])
    blobs = gaussians(kp, (4, 16, 16), 0.01)
    assert (blobs > 0.1).any() and ((blobs == 0) | (blobs > 1e6 * TINY)).all()
