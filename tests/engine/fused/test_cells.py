import pytest
import torch

from src.engine.fused.cells import cells
from tests.engine.fused.compared import normal


def test_maps():
    x = normal(2, 6, 9, 4)
    cut = cells(x, 3)
    assert cut.shape == (2, 2, 3, 3, 3, 4)
    assert torch.equal(cut[:, 1, 2, 0, 1], x[:, 5, 1])
    assert torch.equal(cut.reshape(x.shape), x)


def test_volumes():
    x = normal(2, 5, 4, 8, 3)
    cut = cells(x, 2)
    assert cut.shape == (2, 5, 2, 2, 4, 2, 3)
    assert torch.equal(cut[:, :, 1, 0, 3, 1], x[:, :, 2, 7])


@pytest.mark.parametrize("side", [1, 2])
def test_it_is_a_view(side):
    x = normal(1, 4, 4, 2)
    cells(x, side).zero_()
    assert not x.any()
