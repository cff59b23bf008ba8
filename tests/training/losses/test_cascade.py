import pytest
import torch

from src.errors import InputError
from src.training.losses.cascade import cascade
from src.training.losses.pixels import weighted_l1
from src.training.losses.regions import WHOLE

BOXES = {"face": torch.tensor([[-1.0, -1, 0, 0]]), "lips": torch.tensor([[0.0, 0, 1, 1]])}


def test_by_hand():
    target = torch.rand(1, 3, 16, 16)
    result = target.clone()
    result[..., 8:, 8:] += 0.4
    losses = cascade(weighted_l1, result, target, BOXES, {"face": 8, "lips": 8})
    found = {name: loss.item() for name, loss in losses.items()}
    assert found == pytest.approx({WHOLE: 0.1, "face": 0.0, "lips": 0.4}, rel=1e-4, abs=1e-6)


def test_parts_without_a_size_do_not_count():
    picture = torch.rand(1, 3, 16, 16)
    assert set(cascade(weighted_l1, picture, picture, BOXES, {"lips": 8})) == {WHOLE, "lips"}


def test_the_whole_counts_only_if_asked():
    picture = torch.rand(1, 3, 16, 16)
    assert set(cascade(weighted_l1, picture, picture, BOXES, {"lips": 8}, whole=False)) == {"lips"}


def test_missing_boxes_are_refused():
    picture = torch.rand(1, 3, 16, 16)
    with pytest.raises(InputError, match="boxes of eyes are needed, got those of face, lips"):
        cascade(weighted_l1, picture, picture, BOXES, {"eyes": 8})
