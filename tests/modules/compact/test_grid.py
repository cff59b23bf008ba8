import torch
import torch.nn.functional as F

from src.modules.compact.grid import along, cell_centres, centre_grid


def test_centres_lie_half_a_cell_from_the_edges():
    assert cell_centres(4, torch.zeros(1)).tolist() == [-0.75, -0.25, 0.25, 0.75]


def test_axes_are_x_y_z():
    grid = centre_grid(2, 3, 4, like=torch.zeros(1))
    assert grid.shape == (2, 3, 4, 3)
    torch.testing.assert_close(grid[1, 2, 3], torch.tensor([0.75, 2 / 3, 0.5]))


def test_sampling_at_the_grid_is_the_identity():
    picture = torch.rand(1, 3, 16, 24)
    sampled = F.grid_sample(picture, centre_grid(16, 24, like=picture)[None], align_corners=False)
    torch.testing.assert_close(sampled, picture, rtol=0, atol=1e-5)


def test_along_is_a_dot_product():
    direction, origin = torch.rand(2, 5, 2), torch.rand(2, 5, 2)
    grid = centre_grid(8, 8, like=origin)
    wanted = ((grid - origin[:, :, None, None]) * direction[:, :, None, None]).sum(-1)
    torch.testing.assert_close(along(direction, origin, 8), wanted)


def test_takes_device_and_precision_of_its_model():
    assert cell_centres(4, torch.zeros(1, dtype=torch.float64)).dtype == torch.float64
    assert centre_grid(2, 2, like=torch.zeros(1, device="meta")).device.type == "meta"
