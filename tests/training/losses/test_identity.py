import pytest
import torch

from src.errors import InputError
from src.training.losses.identity import identity_loss


def means(faces: torch.Tensor) -> torch.Tensor:
    return faces.mean((2, 3))


def coloured(*colours: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor(colours, dtype=torch.float32).view(-1, 3, 1, 1).expand(-1, -1, 4, 4)


def test_by_hand():
    red, green, bright = coloured((1, 0, 0)), coloured((0, 1, 0)), coloured((1, 1, 0))
    assert identity_loss(means, red, 0.5 * red).item() == pytest.approx(0, abs=1e-6)
    assert identity_loss(means, red, green).item() == pytest.approx(1)
    assert identity_loss(means, red, bright).item() == pytest.approx(1 - 0.5**0.5)
    assert identity_loss(means, torch.cat([red, red]), torch.cat([red, -red])).item() == pytest.approx(1)


def test_only_the_result_is_pulled():
    result, target = (torch.rand(1, 3, 4, 4, requires_grad=True) for _ in range(2))
    identity_loss(means, result, target).backward()
    assert result.grad is not None and result.grad.any() and target.grad is None


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="same shape"):
        identity_loss(means, coloured((1, 0, 0)), coloured((1, 0, 0), (0, 1, 0)))
