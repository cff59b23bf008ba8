import pytest
import torch

from src.errors import InputError
from src.training.losses.keypoints import deformation_prior, depth_loss, head_pose_loss, spread_loss


def test_spread_by_hand():
    points = torch.tensor([[[0.0, 0.0, 0.0], [0.2, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    assert spread_loss(points).item() == pytest.approx(2 * (0.1 - 0.04))
    assert spread_loss(points, least=0.05).item() == pytest.approx(2 * 0.01)
    far = points * 10
    assert spread_loss(far) == 0
    assert spread_loss(torch.cat([points, far])).item() == pytest.approx(0.06)


def test_spread_is_of_distances_alone():
    points = torch.rand(2, 21, 3, dtype=torch.float64)
    moved = torch.linalg.qr(torch.randn(3, 3, dtype=torch.float64)).Q
    torch.testing.assert_close(spread_loss(points @ moved + 3), spread_loss(points))
    torch.testing.assert_close(spread_loss(points.flip(1)), spread_loss(points))


def test_spread_pushes_apart():
    points = (torch.rand(1, 8, 3) * 0.1).requires_grad_()
    before = spread_loss(points)
    (gradient,) = torch.autograd.grad(before, points)
    assert spread_loss(points - 0.01 * gradient) < before


def test_depth_by_hand():
    points = torch.zeros(2, 2, 3)
    points[0, :, 2] = torch.tensor([0.33, 0.33])
    points[1, :, 2] = torch.tensor([0.0, 0.2])
    assert depth_loss(points).item() == pytest.approx((0 + 0.23) / 2)
    assert depth_loss(points[:1], target=0).item() == pytest.approx(0.33)


def test_head_pose_by_hand():
    angles, labels = torch.tensor([[10.0, -5.0, 0.0]]), torch.tensor([[7.0, -5.0, 0.5]])
    assert head_pose_loss(angles, labels).item() == pytest.approx(3.5 / 3)
    assert head_pose_loss(angles, angles) == 0
    around = head_pose_loss(torch.tensor([179.0, -179.0]), torch.tensor([-179.0, 179.0]))
    assert around.item() == pytest.approx(2)


def test_deformation_by_hand():
    exp = torch.zeros(1, 2, 3)
    exp[0, 0] = torch.tensor([0.3, -0.3, 0.6])
    assert deformation_prior(exp).item() == pytest.approx(0.2)
    assert deformation_prior(0 * exp) == 0


def test_gradients():
    points = torch.rand(2, 4, 3, dtype=torch.float64, requires_grad=True)
    labels = torch.rand(2, 4, 3, dtype=torch.float64)
    for loss in (spread_loss, depth_loss, deformation_prior, lambda p: head_pose_loss(p * 90, labels)):
        assert torch.autograd.gradcheck(loss, points)
        assert loss(points.half()).dtype in (torch.float32, torch.float64)
    same = torch.zeros(1, 3, 3, requires_grad=True)
    spread_loss(same).backward()
    assert same.grad is not None and same.grad.isfinite().all()


def test_wrong_shapes_are_refused():
    for loss in (depth_loss, deformation_prior):
        with pytest.raises(InputError, match=r"\(B, N, 3\), got \(1, 4, 2\)"):
            loss(torch.zeros(1, 4, 2))
    with pytest.raises(InputError, match="keypoints must be"):
        spread_loss(torch.zeros(21, 3))
    with pytest.raises(InputError, match="angles and labels"):
        head_pose_loss(torch.zeros(2, 3), torch.zeros(2, 1))
