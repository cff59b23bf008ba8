import pytest
import torch

from src.errors import InputError
from src.training.losses.stage2 import condition_loss, retargeting_terms, stitching_terms

PICTURE = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
LOWER = torch.zeros(1, 1, 8, 8)
LOWER[:, :, 4:] = 1


def test_stitching_by_hand():
    other = PICTURE.clone()
    other[:, :, :4] += 0.7  # the face may move
    delta = torch.full((1, 21, 3), -0.02)
    terms = stitching_terms(other, PICTURE, LOWER, delta)
    assert terms.consistency == 0
    assert terms.regularisation.item() == pytest.approx(0.02)
    other[:, :, 4:] += 0.1
    assert stitching_terms(other, PICTURE, LOWER, delta).consistency.item() == pytest.approx(0.1, rel=1e-4)


def test_retargeting_by_hand():
    other = PICTURE.clone()
    other[:, :, :4] = 0  # eyes
    reached, wanted = torch.tensor([[0.3, 0.2]]), torch.tensor([[0.4, 0.4]])
    terms = retargeting_terms(other, PICTURE, LOWER, reached, wanted, torch.zeros(1, 21, 3))
    assert terms.consistency == 0 and terms.regularisation == 0
    assert terms.condition.item() == pytest.approx(0.15)
    assert condition_loss(wanted, wanted) == 0


def test_the_reconstruction_and_the_wish_take_no_gradient():
    result, reconstructed = (torch.rand(1, 3, 8, 8, requires_grad=True) for _ in range(2))
    reached, wanted = (torch.rand(1, 1, requires_grad=True) for _ in range(2))
    delta = torch.rand(1, 21, 3, requires_grad=True)
    sum(retargeting_terms(result, reconstructed, LOWER, reached, wanted, delta)).backward()  # type: ignore[union-attr]
    for tensor in (result, reached, delta):
        assert tensor.grad is not None and tensor.grad.any()
    assert result.grad is not None and not result.grad[:, :, :4].any()
    assert reconstructed.grad is None and wanted.grad is None


def test_wrong_shapes_are_refused():
    delta = torch.zeros(1, 21, 3)
    with pytest.raises(InputError, match="same shape"):
        stitching_terms(PICTURE, PICTURE[..., :4], LOWER, delta)
    with pytest.raises(InputError, match="openings"):
        condition_loss(torch.zeros(1, 2), torch.zeros(1, 1))
    with pytest.raises(InputError, match="keypoint deltas"):
        stitching_terms(PICTURE, PICTURE, LOWER, torch.zeros(1, 65))
