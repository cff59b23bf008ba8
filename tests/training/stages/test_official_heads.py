"""Stage 2 of the official architecture with few channels."""

from dataclasses import replace

import pytest
import torch

from src.engine.heads import Heads
from src.errors import InputError, MissingFileError
from src.modules.stitching_retargeting_network import StitchingRetargetingNetwork
from src.training.recipe import load_recipe
from src.training.stages.heads_masks import around_eyes, around_lips, shoulders
from src.training.stages.official_heads import TERMS, OfficialHeadsStage, frozen_networks
from src.training.trainer import RunOptions, Trainer
from src.weights.catalogue import MODELS
from src.weights.layout import split_stitching
from src.weights.load import load_strict, read_state

from . import test_official as stage_1
from .test_official import TINY, Repeated, floats, make_batch

SIZE = 32
HEADS = {
    "stitching": {"input_size": 126, "hidden_sizes": [16, 8], "output_size": 65},
    "lip": {"input_size": 65, "hidden_sizes": [16, 8], "output_size": 63},
    "eye": {"input_size": 66, "hidden_sizes": [16, 8], "output_size": 63},
}
PARAMS = TINY | {"stitching_retargeting_module_params": HEADS}


def make_recipe():
    recipe = load_recipe("base", 2)
    optimizer = replace(recipe.optimizer, lr=1e-2, warmup=0, average=0.0)
    return replace(recipe, data=replace(recipe.data, size=SIZE), optimizer=optimizer, precision="float32")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A weights folder as stage 1 leaves it."""
    folder = tmp_path_factory.mktemp("first")
    first = stage_1.make_stage(stage_1.make_recipe(), everything=False)
    first.export(first.networks, folder)
    return folder


@pytest.fixture
def frozen(weights):
    torch.manual_seed(0)
    return frozen_networks(TINY, weights)


@pytest.fixture
def stage(frozen):
    return OfficialHeadsStage(PARAMS, make_recipe(), frozen, SIZE)


def values(frozen):
    return {name: {key: value.clone() for key, value in part.state_dict().items()} for name, part in frozen.items()}


def total(stage, batch):
    """The sum of the terms, always with the same chance."""
    torch.manual_seed(3)
    with torch.no_grad():
        return float(sum(stage.losses(batch, 0).networks.values()))


def test_training_export_and_loading(stage, frozen, tmp_path):
    batch = make_batch(SIZE, sources=2, drivers=1)
    recipe = make_recipe()
    options = RunOptions(4, tmp_path, torch.device("cpu"), log_every=1, sample_every=4, save_every=4)
    trainer = Trainer(stage, recipe, options, seed=1)
    given = values(frozen)
    before = total(stage, floats(batch))
    trainer.run(lambda first: Repeated(batch))  # type: ignore[arg-type, return-value]
    assert total(stage, floats(batch)) < 0.9 * before
    assert all(torch.equal(value, given[name][key]) for name in frozen for key, value in values(frozen)[name].items())
    assert list((tmp_path / "samples").glob("*.jpg"))

    (path,) = trainer.export(tmp_path / "weights")
    official = tmp_path / "weights" / MODELS["base"].files["stitching_retargeting_module"].path
    assert path == official.with_suffix(".safetensors")
    networks = {}
    for name, state in split_stitching(read_state(path)).items():
        networks[name] = StitchingRetargetingNetwork(**HEADS[name])
        load_strict(networks[name], state, name)
    x_s, x_d = torch.randn(2, 1, 21, 3).unbind(0)
    stitched = Heads(**networks).stitch(x_s, x_d)  # the product's use of S is what was trained
    out = stage.networks["stitching"](torch.cat([x_s.flatten(1), x_d.flatten(1)], 1))
    expected = x_d + out[:, :63].view(1, 21, 3)
    expected[..., :2] += out[:, None, 63:]
    assert (stitched - expected).abs().max() < 0.01  # the file is float16


def test_every_term_of_the_recipe_exists_and_every_head_learns(stage, frozen):
    losses = stage.losses(floats(make_batch(SIZE, sources=2, drivers=1)), 0)
    assert set(losses.networks) == set(TERMS) == set(load_recipe("base", 2).losses)
    torch.stack(list(losses.networks.values())).sum().backward()
    for name, network in stage.networks.items():
        assert any(weight.grad.any() for weight in network.parameters()), name
    assert all(weight.grad is None for network in frozen.values() for weight in network.parameters())


def test_the_condition_leaves_the_readout_alone(frozen):
    """Else the readout would learn to say what is wanted."""
    recipe = replace(make_recipe(), losses={"eye_condition": 1.0, "lip_condition": 1.0})
    stage = OfficialHeadsStage(PARAMS, recipe, frozen, SIZE)
    losses = stage.losses(floats(make_batch(SIZE)), 0)
    torch.stack(list(losses.networks.values())).sum().backward()
    assert all(weight.grad is None for weight in stage.networks["readout"].parameters())
    assert all(weight.grad is not None for weight in stage.networks["eye"].parameters())


def test_what_is_wrong_is_refused(frozen, tmp_path):
    recipe = make_recipe()
    with pytest.raises(InputError, match=r"no losses warp.*stitching_consistency"):
        OfficialHeadsStage(PARAMS, replace(recipe, losses={"warp": 1.0}), frozen, SIZE)
    with pytest.raises(InputError, match="no loss has a weight"):
        OfficialHeadsStage(PARAMS, replace(recipe, losses={}), frozen, SIZE)
    with pytest.raises(InputError, match=f"got {SIZE}"):
        OfficialHeadsStage(PARAMS, recipe, frozen, 2 * SIZE)
    with pytest.raises(MissingFileError, match="appearance_feature_extractor"):
        frozen_networks(TINY, tmp_path)


def test_keypoints_and_heads_are_float32_under_autocast(stage):
    """Only what F, W and G draw may be coarser."""
    batch = floats(make_batch(SIZE, sources=2, drivers=1))
    found = []
    for on in (False, True):
        torch.manual_seed(3)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=on):
            found.append(stage.losses(batch, 0).networks)
    exact, mixed = found
    drawn = {"stitching_consistency", "eye_consistency", "lip_consistency", "eye_condition", "lip_condition"}
    assert all(torch.equal(exact[name], mixed[name]) for name in exact.keys() - drawn)
    assert all(not torch.equal(exact[name], mixed[name]) for name in drawn)  # F, W and G take part in it


def test_what_weighs_nothing_is_not_drawn(frozen, monkeypatch):
    monkeypatch.setattr(OfficialHeadsStage, "_stitching_terms", lambda *args: pytest.fail("it has no weight"))
    stage = OfficialHeadsStage(PARAMS, replace(make_recipe(), losses={"lip_condition": 1.0}), frozen, SIZE)
    assert set(stage.losses(floats(make_batch(SIZE)), 0).networks) == {"lip_condition"}


def test_where_pictures_must_agree():
    kp = 0.7 * make_batch(SIZE)["kp_source"]
    kp[..., 1] -= 0.2
    masks = [shoulders(kp, kp, 64), around_eyes(kp, 64), around_lips(kp, 64)]
    assert all(mask.shape == (1, 1, 64, 64) and mask.min() >= 0 and mask.max() <= 1 for mask in masks)
    at = [[mask[0, 0, round(32 * (y + 1)), round(32 * (x + 1))] for x, y in kp[0, :, :2].tolist()] for mask in masks]
    chin, left_pupil, right_pupil, lip = 5, 11, 15, 19
    shoulder, eyes, lips = at
    assert max(shoulder) < 0.1 and masks[0][0, 0, -1].min() > 0.9
    assert eyes[left_pupil] < 0.3 and eyes[right_pupil] < 0.3 and eyes[lip] > 0.9
    assert lips[lip] < 0.3 and lips[left_pupil] > 0.9 and lips[chin] > 0.5
