import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from src.modules.grid import keypoints_to_gaussians, make_coordinate_grid, sample

sides = st.integers(2, 9)


@given(sides, sides, sides)
def test_grid_runs_from_minus_one_to_one(d, h, w):
    grid = make_coordinate_grid((d, h, w))
    assert grid.shape == (d, h, w, 3)
    assert grid[0, 0, 0].tolist() == [-1, -1, -1]
    assert grid[-1, -1, -1].tolist() == [1, 1, 1]
    assert grid[0, 0, -1].tolist() == [1, -1, -1]  # x along the columns
    assert grid[0, -1, 0].tolist() == [-1, 1, -1]  # y along the rows
    steps = grid[0, 0, :, 0].diff()
    torch.testing.assert_close(steps, torch.full_like(steps, 2 / (w - 1)))


@pytest.mark.parametrize("size", [(1, 4, 4), (4, 4, 1), (4, 0, 4)])
def test_grid_is_not_defined_for_one_cell(size):
    with pytest.raises(ValueError, match=r"at least 2 cells"):
        make_coordinate_grid(size)


def test_sampling_with_the_grid_stretches():
    """Cell i of n samples position i * n / (n - 1) - 0.5; the outermost cells mix with zeros."""
    n = 8
    volume = torch.arange(n, dtype=torch.float32).add(1).expand(1, 1, n, n, n)
    sampled = sample(volume, make_coordinate_grid((n, n, n))[None])
    position = torch.arange(n) * n / (n - 1) - 0.5
    row = sampled[0, 0, 3, 4]
    torch.testing.assert_close(row[1:-1], (position + 1)[1:-1])
    torch.testing.assert_close(row[[0, -1]], torch.tensor([0.5 * 1, 0.5 * n]))


def test_sampling_outside_is_zero():
    assert not sample(torch.ones(1, 2, 4, 4, 4), torch.full((1, 2, 2, 2, 3), 1.5)).any()


def test_gaussian_peaks_at_its_keypoint():
    grid = make_coordinate_grid((5, 9, 17))
    bump = keypoints_to_gaussians(grid[1, 6, 12].view(1, 1, 3), grid, variance=0.02)
    assert bump.shape == (1, 1, 5, 9, 17)
    assert bump[0, 0, 1, 6, 12] == 1
    assert bump.max() == 1
    expected = torch.exp(torch.tensor(-0.5 * (2 / 16) ** 2 / 0.02))
    torch.testing.assert_close(bump[0, 0, 1, 6, 13], expected)
