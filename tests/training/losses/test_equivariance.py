import pytest
import torch

from src.errors import InputError
from src.training.losses.equivariance import equivariance_loss
from src.training.losses.transform import SmoothTransform, random_transform


def shift(x: float, y: float) -> SmoothTransform:
    affine = torch.tensor([[[1.0, 0.0, x], [0.0, 1.0, y]]])
    return SmoothTransform(affine, torch.zeros(1, 12, 2), 3)


def test_by_hand():
    keypoints = torch.zeros(1, 2, 3)
    found = torch.tensor([[[-0.1, -0.2, 7.0], [0.1, -0.2, -7.0]]])  # the second is 0.2 off along x
    assert equivariance_loss(keypoints, found, shift(0.1, 0.2)).item() == pytest.approx(0.2 / 4)


def test_zero_for_a_detector_that_follows():
    transform = random_transform(2, torch.Generator().manual_seed(0))
    found = torch.rand(2, 21, 2) - 0.5
    assert equivariance_loss(transform.points(found), found, transform) == 0


def test_a_detector_that_follows_pictures():
    """The centre of mass of a spot is found in both pictures."""
    transform = random_transform(1, torch.Generator().manual_seed(0), 0.02, 0.02)
    axis = torch.linspace(-1, 1, 65)[:-1] + 1 / 64
    picture = torch.exp(-((axis - 0.3) ** 2 + (axis[:, None] + 0.2) ** 2) / 0.01)[None, None]

    def detect(picture: torch.Tensor) -> torch.Tensor:
        mass = picture[0, 0] / picture.sum()
        return torch.stack([(mass * axis).sum(), (mass * axis[:, None]).sum()])[None, None]

    loss = equivariance_loss(detect(picture), detect(transform.pictures(picture)), transform)
    ignored = equivariance_loss(detect(picture), detect(picture), transform)
    assert loss < 0.005 < 0.02 < ignored


def test_gradients_reach_both_sides():
    transform = random_transform(1, torch.Generator().manual_seed(0))
    keypoints, found = (torch.rand(1, 4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda a, b: equivariance_loss(a, b, transform), (keypoints, found))


def test_wrong_inputs_are_refused():
    with pytest.raises(InputError, match="same shape"):
        equivariance_loss(torch.zeros(1, 2, 3), torch.zeros(1, 2, 2), shift(0, 0))
    with pytest.raises(InputError, match="1 pictures was given keypoints of 2"):
        equivariance_loss(torch.zeros(2, 2, 3), torch.zeros(2, 2, 3), shift(0, 0))
