"""Stage 1 of the compact model: which terms it computes, critics, and what it refuses."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from src.config.model_config import load_model_config
from src.errors import InputError
from src.training.losses.perceptual import PerceptualLoss
from src.training.recipe import Critics, load_recipe
from src.training.stages import compact_terms
from src.training.stages.compact import TERMS, CompactStage

from .test_official import floats, make_batch

PARAMS = load_model_config("compact")
SIZE = 128


def recipe_with(**changes):
    return replace(load_recipe("compact"), **changes)


def make_stage(perceptual=None, **changes):
    torch.manual_seed(0)
    return CompactStage(PARAMS, recipe_with(**changes), perceptual)


@pytest.fixture(scope="module")
def batch():
    return floats(make_batch(SIZE))


class Plain(nn.Module):
    """Stands in for a backbone, and counts what it sees."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, pictures):
        self.seen.append(pictures.shape[-1])
        return [pictures]


def test_every_term_can_be_weighted(batch):
    losses = dict.fromkeys(TERMS, 1.0)
    stage = make_stage(PerceptualLoss(Plain(), scales=1), losses=losses, critics=Critics(1, (8, 8)))
    found = stage.losses(batch, 1)
    assert set(found.networks) == set(TERMS)
    assert set(found.critics) == {"critic_eyes", "critic_lips"}
    assert all(term.ndim == 0 and term.isfinite() for term in found.networks.values())


def test_critics_begin_with_their_step_however_long_the_run_is(batch):
    stage = make_stage(losses={"l1": 1.0, "adversarial_lips": 1.0}, critics=Critics(5, (8, 8)))
    assert set(stage.losses(batch, 4).networks) == {"l1"}
    late = stage.losses(batch, 5)
    assert set(late.networks) == {"l1", "adversarial_lips"} and set(late.critics) == {"critic_lips"}


def test_what_weighs_nothing_is_not_computed(batch, monkeypatch):
    monkeypatch.setattr(compact_terms, "mouth", lambda *args: pytest.fail("the mouth has no weight"))
    monkeypatch.setattr(compact_terms, "ssim", lambda *args: pytest.fail("ssim has no weight"))
    backbone = Plain()
    stage = make_stage(PerceptualLoss(backbone, scales=1), losses={"l1": 1.0, "perceptual_lips": 2.0, "ssim": 0.0})
    assert set(stage.losses(batch, 0).networks) == {"l1", "perceptual_lips"}
    assert backbone.seen == [SIZE // 2] * 2  # lips of the result and of the target


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_dropout_hides_channels_of_the_feature_in_training_alone(batch, monkeypatch, dropout):
    seen = []
    stage = make_stage(dropout=dropout)
    drawing = stage.networks["spade_generator"].forward
    monkeypatch.setattr(
        stage.networks["spade_generator"],
        "forward",
        lambda feature, *args: seen.append(feature) or drawing(feature, *args),
    )
    stage.losses(batch, 0)
    stage.sample(stage.networks, batch)
    hidden, shown = ((feature == 0).flatten(2).all(2).float().mean() for feature in seen)
    assert shown == 0
    assert hidden == 0 if dropout == 0 else 0.4 < hidden < 0.6


def test_weights_without_their_network_are_said(caplog):
    make_stage(losses={"l1": 1.0, "perceptual_whole": 1.0, "matching_lips": 1.0})
    assert "without perceptual_whole: no backbone" in caplog.text
    assert "without matching_lips: no critics" in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"losses": {"warped": 1.0}}, "no losses warped.*pyramid"),
        ({"losses": {"l1": -1.0}}, "l1.*-1"),
        ({"losses": {"l1": float("nan")}}, "l1.*nan"),
        ({"losses": {"l1": float("inf")}}, "l1.*inf"),
        ({"losses": {}}, "no loss"),
        ({"losses": {"l1": 0.0}}, "no loss"),
        ({"critics": Critics(1, (8, 8))}, "critics.*adversarial"),
        ({"critics": Critics(1, (8,) * 5), "losses": {"adversarial_lips": 1.0}}, "48 pixels.*64"),
    ],
)
def test_wrong_recipes_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        make_stage(**changes)


@pytest.mark.parametrize(
    ("size", "told"), [(64, "128.*at least that, got 64"), (126, "128.*got 126"), (129, "must be even, got 129")]
)
def test_sizes_that_cannot_be_drawn_are_refused(size, told):
    recipe = load_recipe("compact")
    with pytest.raises(InputError, match=told):
        CompactStage(PARAMS, replace(recipe, data=replace(recipe.data, size=size)))
