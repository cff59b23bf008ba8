import torch

from src.modules.xpose.reference_points import cell_centres, inverse_sigmoid, move

from .conftest import assert_close, golden, load

UNITS = load("units")


def test_inverse_sigmoid():
    assert_close(inverse_sigmoid(golden(UNITS, "invsig_in")), UNITS["invsig_out"], "xpose_sampling")


def test_inverse_sigmoid_is_limited():
    found = inverse_sigmoid(torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0]))
    torch.testing.assert_close(found, torch.tensor([-6.9078, -6.9078, 0.0, 6.9078, 6.9078]), atol=1e-4, rtol=0)


def test_no_step_leaves_the_point():
    points = torch.linspace(0.01, 0.99, 9)
    torch.testing.assert_close(move(points, torch.zeros(9, dtype=torch.bfloat16)), points)


def test_cell_centres_go_row_by_row():
    found = cell_centres([(2, 3), (1, 1)], torch.device("cpu"))
    x, y = [1 / 6, 0.5, 5 / 6], [0.25, 0.75]
    torch.testing.assert_close(found, torch.tensor([*((i, j) for j in y for i in x), (0.5, 0.5)]))
