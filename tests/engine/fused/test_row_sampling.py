import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from src.engine.fused.row_sampling import sample_rows
from tests.engine.fused.compared import assert_same, last, normal
from tests.tolerances import FLOAT64


def both(volume, grid):
    table = volume.flatten(2).transpose(1, 2).contiguous()
    sampled = F.grid_sample(volume.expand(len(grid), *volume.shape[1:]), grid, align_corners=False)
    return sample_rows(table, grid, tuple(volume.shape[2:])), last(sampled)


@settings(deadline=None, max_examples=50)
@given(
    size=st.tuples(*[st.integers(1, 6)] * 3),
    cells=st.tuples(*[st.integers(1, 4)] * 3),
    sources=st.sampled_from([1, 3]),
    channels=st.integers(1, 5),
)
def test_grid_sample(size, cells, sources, channels):
    actual, expected = both(normal(sources, channels, *size), normal(3, *cells, 3))  # a third of them outside
    torch.testing.assert_close(actual, expected, rtol=0, atol=FLOAT64["rewrite"].rel)


@pytest.mark.parametrize("sources", [1, 2])
def test_many_cells(sources):
    assert_same(*both(normal(sources, 32, 5, 7, 9), 0.8 * normal(2, 5, 7, 9, 3)))


def test_edges_and_centres():
    """Where a position is a cell's centre or the border, a neighbour has no weight or is not there."""
    size = (2, 4, 8)
    along = torch.linspace(-1.25, 1.25, 41, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(along, along, along, indexing="ij"), dim=-1)[None]
    assert_same(*both(normal(1, 3, *size), grid))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("far", [3.0, 1e6, 1e12])
def test_far_away_is_zero(dtype, far):
    grid = torch.zeros(6, 1, 1, 1, 3, dtype=dtype)
    for i in range(6):
        grid[i, ..., i // 2] = far if i % 2 else -far
    assert not sample_rows(torch.ones(1, 24, 4, dtype=dtype), grid, (2, 3, 4)).any()
