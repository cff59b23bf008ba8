import pytest
import torch

from src.errors import InputError
from src.training.critics.objectives import feature_matching, hinge_critic, hinge_generator
from src.training.critics.patch_critic import MultiScaleCritic, Verdict


def says(*values: float) -> Verdict:
    return Verdict(torch.tensor(values).view(1, 1, 1, -1), [])


def test_hinge_by_hand():
    real, fake = says(2.0, 0.5), says(-3.0, 0.5)
    assert hinge_critic([real], [fake]).item() == pytest.approx(0.25 + 0.75)
    assert hinge_critic([real, says(0.0)], [fake, says(0.0)]).item() == pytest.approx((1 + 2) / 2)
    assert hinge_generator([fake, says(1.0)]).item() == pytest.approx((1.25 - 1) / 2)


def test_zero_where_everything_is_told():
    assert hinge_critic([says(1.0, 5.0)], [says(-1.0, -2.0)]) == 0


def test_half_precision_is_raised():
    half = Verdict(torch.ones(1, 1, 2, 2).half(), [torch.ones(1, 2, 2, 2).half()])
    for loss in (hinge_critic([half], [half]), hinge_generator([half]), feature_matching([half], [half])):
        assert loss.dtype == torch.float32


def test_feature_matching_by_hand():
    ours = Verdict(torch.zeros(1, 1, 1, 1), [torch.full((1, 2, 2, 2), 1.0), torch.full((1, 4, 1, 1), 3.0)])
    theirs = Verdict(torch.zeros(1, 1, 1, 1), [torch.zeros(1, 2, 2, 2), torch.full((1, 4, 1, 1), 1.0)])
    assert feature_matching([ours], [theirs]).item() == pytest.approx((1 + 2) / 2)
    assert feature_matching([ours], [ours]) == 0


def test_only_generated_pictures_are_pulled():
    critic = MultiScaleCritic((4, 8))
    fake, real = (torch.rand(1, 3, 32, 32, requires_grad=True) for _ in range(2))
    feature_matching(critic(fake), critic(real)).backward()
    assert fake.grad is not None and fake.grad.any() and real.grad is None


def test_a_critic_learns_to_tell_and_a_picture_to_pass():
    """A few steps each way lower what they strive for."""
    torch.manual_seed(0)
    critic = MultiScaleCritic((8, 16), scales=1)
    optimiser = torch.optim.Adam(critic.parameters(), 0.01)
    real, fake = torch.rand(4, 3, 32, 32) * 0.2 + 0.7, torch.rand(4, 3, 32, 32) * 0.2
    first = None
    for _ in range(15):
        loss = hinge_critic(critic(real), critic(fake))
        first = first or loss.item()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert first is not None and loss.item() < 0.5 * first
    fake.requires_grad_()
    before = hinge_generator(critic(fake))
    (gradient,) = torch.autograd.grad(before, fake)
    assert hinge_generator(critic(fake - 0.1 * gradient.sign())) < before


def test_wrong_inputs_are_refused():
    with pytest.raises(InputError, match="got 1 and 2"):
        hinge_critic([says(0.0)], [says(0.0), says(0.0)])
    with pytest.raises(InputError, match="at least one"):
        hinge_generator([])
    a, b = (Verdict(torch.zeros(1), [torch.zeros(1, n, 2, 2)]) for n in (1, 2))
    with pytest.raises(InputError, match="features"):
        feature_matching([a], [b])
