import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.training.losses.pixels import pooled_l1, weighted_l1


def pictures(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_weighted_l1_by_hand():
    result = torch.tensor([0.0, 1.0, 0.5, 0.0]).view(1, 1, 2, 2)
    target = torch.tensor([0.0, 0.0, 1.0, 0.25]).view(1, 1, 2, 2)
    assert weighted_l1(result, target).item() == pytest.approx(1.75 / 4)
    weight = torch.tensor([5.0, 1.0, 2.0, 0.0]).view(1, 1, 2, 2)
    assert weighted_l1(result, target, weight).item() == pytest.approx((1 + 2 * 0.5) / 8)


def test_weight_counts_alike_for_all_channels():
    a, b = pictures(2, 3, 4, 4), pictures(2, 3, 4, 4, seed=1)
    left = torch.zeros(1, 1, 4, 4)
    left[..., :2] = 1
    expected = (a - b).abs()[..., :2].mean()
    torch.testing.assert_close(weighted_l1(a, b, left), expected)
    torch.testing.assert_close(weighted_l1(a, b, left * 7), expected)
    torch.testing.assert_close(weighted_l1(a, b, left.bool()), expected)


def test_nothing_weighs_nothing():
    a = pictures(1, 3, 4, 4).requires_grad_()
    loss = weighted_l1(a, torch.zeros_like(a), torch.zeros(1, 1, 4, 4))
    loss.backward()
    assert loss.item() == 0 and a.grad is not None and not a.grad.any()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.integers(0, 99))
def test_pooling_sees_block_means_alone(factor: int, seed: int):
    target = pictures(1, 2, 2 * factor, 3 * factor, seed=seed)
    noise = torch.randn(1, 2, 2, 3, factor, factor, generator=torch.Generator().manual_seed(seed))
    noise = (noise - noise.mean((-1, -2), keepdim=True)).permute(0, 1, 2, 4, 3, 5).reshape(target.shape)
    assert pooled_l1(target + noise, target, factor).item() == pytest.approx(0, abs=1e-6)
    assert pooled_l1(target - 0.5, target, factor).item() == pytest.approx(0.5, rel=1e-5)


def test_pooled_by_hand():
    result = torch.tensor([[1.0, 3.0, 0.0, 0.0], [0.0, 0.0, 2.0, 2.0]]).view(1, 1, 2, 4)
    zero = torch.zeros_like(result)
    assert pooled_l1(result, zero, 2).item() == pytest.approx(1.0)


@pytest.mark.parametrize("loss", [weighted_l1, lambda a, b: pooled_l1(a, b, 2)])
def test_gradients(loss):
    a, b = pictures(1, 2, 4, 4).double().requires_grad_(), pictures(1, 2, 4, 4, seed=1).double()
    assert torch.autograd.gradcheck(loss, (a, b))
    assert loss(b, b) == 0


def test_wrong_shapes_are_refused():
    a = pictures(1, 3, 8, 8)
    with pytest.raises(InputError, match=r"\(1, 3, 8, 8\) and \(3, 8, 8\)"):
        weighted_l1(a, a[0])
    with pytest.raises(InputError, match=r"weights \(1, 1, 4, 4\)"):
        weighted_l1(a, a, torch.ones(1, 1, 4, 4))
    with pytest.raises(InputError, match="at least 16 pixels"):
        pooled_l1(a, a, 16)
