import numpy as np
import torch

from src.modules.compact.grid import centre_grid
from src.training.data.cells import cell_centres, cell_grid


def test_by_hand():
    assert cell_centres(4).tolist() == [-0.75, -0.25, 0.25, 0.75]


def test_the_same_cells_as_those_of_the_networks():
    grid = cell_grid(7, np.float32)
    assert grid.dtype == np.float32
    assert np.array_equal(grid, centre_grid(7, 7, like=torch.zeros(1)).numpy())
