import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from src.errors import InputError
from src.training.losses.perceptual import PerceptualLoss

PICTURE = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def plain(pictures: Tensor) -> list[Tensor]:
    """Two features: the picture, and twice its coarse form."""
    return [pictures, 2 * F.avg_pool2d(pictures, 2)]


def test_by_hand():
    assert PerceptualLoss(plain, scales=1)(PICTURE + 0.1, PICTURE).item() == pytest.approx(0.3, rel=1e-4)
    assert PerceptualLoss(plain, scales=3)(PICTURE + 0.1, PICTURE).item() == pytest.approx(0.9, rel=1e-4)
    weighted = PerceptualLoss(plain, (0.5, 2), scales=1)
    assert weighted(PICTURE + 0.1, PICTURE).item() == pytest.approx(0.05 + 0.4, rel=1e-4)


def test_scales_forget_detail():
    stripes = (torch.arange(16) % 2 * 2 - 1).float().expand(2, 3, 16, 16)
    loss = PerceptualLoss(lambda x: [x], scales=2)
    assert loss(PICTURE + 0.1 * stripes, PICTURE).item() == pytest.approx(0.1, rel=1e-4)


def test_zero_for_equal_pictures_and_no_gradient_into_the_target():
    loss = PerceptualLoss(plain)
    assert loss(PICTURE, PICTURE) == 0
    result, target = PICTURE.clone().requires_grad_(), (PICTURE * 0.5).requires_grad_()
    loss(result, target).backward()
    assert result.grad is not None and result.grad.any() and target.grad is None


def test_features_that_weigh_nothing():
    assert PerceptualLoss(plain, (0, 0))(PICTURE + 1, PICTURE) == 0
    assert PerceptualLoss(plain, (1, 0), scales=1)(PICTURE + 1, PICTURE).item() == pytest.approx(1)


def test_full_precision_under_autocast():
    convolution = torch.nn.Conv2d(3, 4, 3)
    loss = PerceptualLoss(lambda x: [convolution(x)], scales=1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = loss(PICTURE.bfloat16().float(), PICTURE)
    assert torch.equal(inside, loss(PICTURE.bfloat16().float(), PICTURE))


def test_a_network_moves_with_its_loss():
    network = torch.nn.Conv2d(3, 4, 3)
    assert list(PerceptualLoss(lambda x: [network(x)]).parameters()) == []
    assert len(list(PerceptualLoss(network).parameters())) == 2


def test_wrong_inputs_are_refused():
    with pytest.raises(InputError, match="3 layer weights were given for a network of 2 features"):
        PerceptualLoss(plain, (1, 1, 1))(PICTURE, PICTURE)
    with pytest.raises(InputError, match="0 or more"):
        PerceptualLoss(plain, (1, -1))
    with pytest.raises(InputError, match="at least one scale"):
        PerceptualLoss(plain, scales=0)
    with pytest.raises(InputError, match="same shape"):
        PerceptualLoss(plain)(PICTURE, PICTURE[:1])
