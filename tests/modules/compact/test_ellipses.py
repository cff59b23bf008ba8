import pytest
import torch

from src.modules.compact.ellipses import Ellipses, eye_ellipses, lip_gap, lost_lid_height, mouth_ellipse


def test_the_edge_lies_where_it_should():
    """One ellipse twice as wide as high, around the centre of a pixel."""
    axes = torch.tensor([[[2.0, 0.0], [0.0, 4.0]]])  # half axes of 1/2 and 1/4
    centre = torch.tensor([[[1 / 16, 1 / 16]]])
    drawn = Ellipses(centre, axes, edge=1.0, steepness=3.0).draw(16)[0, 0]
    assert drawn[8, 8] == torch.sigmoid(torch.tensor(3.0))
    assert drawn[8, 12] == drawn[10, 8] == drawn[8, 4] == drawn[6, 8] == 0.5
    assert drawn[8, 13] < 0.5 < drawn[8, 11]


@pytest.mark.parametrize("shape", [mouth_ellipse, eye_ellipses])
def test_ellipses_turn_and_move_with_the_face(shape, x_d):
    quarter = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    shift = torch.tensor([0.1, -0.2, 0.3])
    before, after = shape(x_d), shape(x_d @ quarter.T + shift)
    torch.testing.assert_close(after.centres, before.centres @ quarter[:2, :2].T + shift[:2])
    torch.testing.assert_close(after.axes, before.axes @ quarter[:2, :2].T)


def test_the_gap_of_the_lips_is_never_negative(x_d):
    swapped = x_d.clone()
    swapped[:, [19, 20]] = x_d[:, [20, 19]]
    assert (lip_gap(x_d) > 0).any() and (torch.minimum(lip_gap(x_d), lip_gap(swapped)) == 0).all()


def test_lids_that_sink(x_d):
    sunk = x_d.clone()
    sunk[:, 13, 1] += 0.05
    lost = lost_lid_height(sunk, x_d)
    assert lost.shape == (len(x_d), 2) and (lost[:, 0] > 0).all() and (lost[:, 1] == 0).all()
