import pytest
import torch

from src.errors import InputError
from src.training.critics.patch_critic import MultiScaleCritic, PatchCritic


def test_shapes():
    verdict = PatchCritic((8, 16, 32))(torch.rand(2, 3, 64, 48))
    assert verdict.logits.shape == (2, 1, 7, 5)
    assert [tuple(f.shape) for f in verdict.features] == [(2, 8, 32, 24), (2, 16, 16, 12), (2, 32, 8, 6)]


@pytest.mark.parametrize(("channels", "patch"), [((4, 4), 22), ((4, 4, 4), 46)])
def test_a_patch_is_as_large_as_it_says(channels: tuple[int, ...], patch: int):
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 128, 128, requires_grad=True)
    logits = PatchCritic(channels).eval()(picture).logits
    middle = logits.shape[-1] // 2
    logits[0, 0, middle, middle].backward()
    assert picture.grad is not None
    seen = picture.grad.abs().sum((0, 1)).nonzero()
    assert (seen.amax(0) - seen.amin(0) + 1).tolist() == [patch, patch]


def test_middle_grey_is_zero():
    critic = PatchCritic((8,)).eval()
    features = critic(torch.full((1, 3, 8, 8), 0.5)).features[0]
    expected = torch.nn.functional.leaky_relu(critic.layers[0].bias, 0.2).view(1, 8, 1, 1)
    torch.testing.assert_close(features, expected.expand_as(features))


def test_weights_are_normalised():
    critic = PatchCritic((8, 16))
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.mul_(50)
    critic.train()
    for _ in range(50):
        critic(torch.rand(1, 3, 16, 16))
    for layer in critic.layers:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


def test_weights_are_normalised_without_autocast_and_once():
    """On a GPU the power iteration would be of bfloat16."""
    critic = PatchCritic((8, 16))
    under = []
    for layer in (*critic.layers, critic.head):
        norm = layer.parametrizations.weight[0]
        norm.register_forward_hook(lambda *_: under.append(torch.is_autocast_enabled("cpu")))
    vector = critic.layers[0].parametrizations.weight[0]._u
    before = vector.clone()
    with torch.autocast("cpu", torch.bfloat16):
        verdict = critic(torch.rand(1, 3, 16, 16))
    assert under == [False] * 3 and verdict.logits.dtype == torch.bfloat16
    assert not torch.equal(vector, before)  # its iteration goes on


def test_scales():
    critic = MultiScaleCritic((8, 16), scales=3)
    verdicts = critic(torch.rand(2, 3, 64, 64))
    assert [verdict.logits.shape[-1] for verdict in verdicts] == [15, 7, 3]
    separate = {id(p) for p in critic.parameters()}
    assert len(separate) == 3 * len(list(critic.critics[0].parameters()))


def test_gradients_reach_pictures_and_weights_under_autocast():
    critic = MultiScaleCritic((8, 16))
    picture = torch.rand(1, 3, 32, 32, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        verdicts = critic(picture)
    sum(verdict.logits.float().sum() for verdict in verdicts).backward()
    for tensor in (picture, *critic.parameters()):
        assert tensor.grad is not None and tensor.grad.isfinite().all() and tensor.grad.any()


def test_wrong_inputs_are_refused():
    with pytest.raises(InputError, match="at least 8 pixels"):
        PatchCritic((4, 4))(torch.rand(1, 3, 7, 8))
    with pytest.raises(InputError, match="got none"):
        PatchCritic(())
    with pytest.raises(InputError, match="at least one scale, got 0"):
        MultiScaleCritic(scales=0)
    assert PatchCritic((4, 4))(torch.rand(1, 3, 8, 8)).logits.shape == (1, 1, 1, 1)
