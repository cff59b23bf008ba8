"""What is taken apart along the axes against whole grids."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.engine.fused.separable import blend_shifts, gaussians, sample_shifted, sampling_matrix
from src.modules.grid import keypoints_to_gaussians, make_coordinate_grid, sample
from tests.engine.fused.compared import assert_same, last, normal
from tests.tolerances import FLOAT32, FLOAT64

SIZES = st.tuples(*[st.integers(2, 7)] * 3)


def grid_of(size):
    return make_coordinate_grid(size, dtype=torch.float64)


def shown(volume, shift):
    """The volume as each shift shows it, one at a time."""
    grid, volume = grid_of(volume.shape[2:]), volume.expand(len(shift), *volume.shape[1:])
    return torch.stack([sample(volume, grid + one[:, None, None, None]) for one in shift.unbind(1)], dim=1)


@settings(deadline=None, max_examples=50)
@given(size=SIZES, sources=st.sampled_from([1, 3]), channels=st.integers(1, 4), spread=st.sampled_from([0.1, 1.0]))
def test_sample_shifted(size, sources, channels, spread):
    volume, shift = normal(sources, channels, *size), spread * normal(3, 4, 3)
    shift[:, 0] = 0
    assert_same(sample_shifted(volume, shift), shown(volume, shift))


def test_where_to_read_is_not_rounded_to_float32():
    volume, shift = torch.rand(1, 2, 16, 64, 64), normal(1, 5, 3)
    exact, found = sample_shifted(volume.double(), shift), sample_shifted(volume, shift)
    assert found.dtype == torch.float32
    limit = FLOAT32["axes"].abs
    assert (found - exact).abs().max() <= limit
    rounded = sampling_matrix(64, shift[..., 0].float())
    assert (rounded - sampling_matrix(64, shift[..., 0])).abs().max() > 5 * limit  # what it would be otherwise


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("by", [-1e9, -2.5, -2.0, 2.0, 2.5, 1e9])
def test_zeros_lie_outside(axis, by):
    volume, shift = normal(1, 2, 4, 5, 6), torch.zeros(1, 2, 3, dtype=torch.float64)
    shift[0, 1, axis] = by
    actual = sample_shifted(volume, shift)
    assert_same(actual, shown(volume, shift))
    if abs(by) > 2.4:
        assert not actual[0, 1].any()


def test_a_sampling_matrix_reads_two_cells_a_row():
    matrix = sampling_matrix(9, torch.linspace(-3, 3, 50, dtype=torch.float64).view(5, 10))
    assert matrix.shape == (5, 10, 9, 9)
    assert matrix.min() == 0 and ((matrix > 0).sum(-1) <= 2).all()
    assert (matrix.sum(-1) <= 1 + FLOAT64["sum"].abs).all()


@settings(deadline=None, max_examples=50)
@given(size=SIZES)
def test_gaussians(size):
    kp = normal(3, 5, 3)
    assert_same(gaussians(kp, size, 0.1), last(keypoints_to_gaussians(kp, grid_of(size), 0.1)))


def test_gaussians_far_away_are_zero():
    assert not gaussians(torch.full((1, 2, 3), 1e6), (2, 3, 4), 0.01).any()


@settings(deadline=None, max_examples=50)
@given(size=SIZES)
def test_blend_shifts(size):
    shift, mask = normal(3, 5, 3), normal(3, 6, *size).softmax(dim=1)
    moved = torch.cat([torch.zeros_like(shift[:, :1]), shift], dim=1)[:, :, None, None, None]
    expected = (mask[..., None] * (grid_of(size) + moved)).sum(dim=1)  # the first motion is none
    assert_same(blend_shifts(mask[:, 1:].movedim(1, -1), shift), expected)
