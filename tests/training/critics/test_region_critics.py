import pytest
import torch

from src.errors import InputError
from src.training.critics.region_critics import CriticSize, RegionCritics
from src.training.losses.regions import WHOLE

SMALL = (4, 8)
BOXES = {"face": torch.tensor([[-0.5, -0.5, 0.5, 0.5]]), "lips": torch.tensor([[-0.2, 0.1, 0.2, 0.5]])}


def critics() -> RegionCritics:
    torch.manual_seed(0)
    return RegionCritics(
        {WHOLE: CriticSize(SMALL), "face": CriticSize(SMALL, size=32), "lips": CriticSize(SMALL, scales=1, size=16)}
    ).eval()


def test_every_part_is_judged():
    verdicts = critics()(torch.rand(1, 3, 64, 64), BOXES)
    assert {name: [v.logits.shape[-1] for v in scales] for name, scales in verdicts.items()} == {
        WHOLE: [15, 7],
        "face": [7, 3],
        "lips": [3],
    }


def test_a_part_is_judged_by_its_pixels_alone():
    judge, picture = critics(), torch.rand(1, 3, 64, 64)
    changed = picture.clone()
    changed[..., :8] = 0  # left of the face
    before, after = judge(picture, BOXES), judge(changed, BOXES)
    assert not torch.equal(before[WHOLE][0].logits, after[WHOLE][0].logits)
    for name in ("face", "lips"):
        assert torch.equal(before[name][0].logits, after[name][0].logits)


def test_wrong_inputs_are_refused():
    with pytest.raises(InputError, match="boxes of lips, got those of face"):
        critics()(torch.rand(1, 3, 64, 64), {"face": BOXES["face"]})
    with pytest.raises(InputError, match="got None for 'lips'"):
        RegionCritics({"lips": CriticSize()})
    with pytest.raises(InputError, match="got 8 for 'whole'"):
        RegionCritics({WHOLE: CriticSize(size=8)})
    with pytest.raises(InputError, match=r"lips are 15 pixels.*2 layers needs 16"):
        RegionCritics({"lips": CriticSize(SMALL, scales=2, size=15)})
    with pytest.raises(InputError, match="got none"):
        RegionCritics({})
