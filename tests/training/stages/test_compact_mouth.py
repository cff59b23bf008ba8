"""Stage 3 of the compact model: a short run, and what it is refused for."""

from dataclasses import replace

import pytest
import torch

from src.config.model_config import load_model_config
from src.errors import InputError
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.training.data.batches import Batches
from src.training.data.index import read_index
from src.training.data.tracks import read_tracks
from src.training.recipe import load_recipe
from src.training.stages.compact_mouth import CompactMouthStage
from src.training.trainer import RunOptions, Trainer
from src.weights.layout import without_texture

PARAMS = load_model_config("compact")


@pytest.fixture(scope="module")
def recipe():
    recipe = load_recipe("compact", 3)
    optimizer = replace(recipe.optimizer, lr=5e-3, warmup=0, average=0.9)
    return replace(recipe, data=replace(recipe.data, sources=4), optimizer=optimizer)


def stage_of(recipe) -> CompactMouthStage:
    torch.manual_seed(0)
    return CompactMouthStage(PARAMS, recipe, CompactSPADEDecoder(**without_texture(PARAMS["spade_generator_params"])))


def total(stage, networks, batch) -> float:
    batch = {name: value.float() / 255 if name in ("source", "driving") else value for name, value in batch.items()}
    own, stage.networks = stage.networks, networks
    with torch.no_grad():
        value = sum(float(term) for term in stage.losses(batch, 0).networks.values())
    stage.networks = own
    return value


def test_a_short_run_learns_what_mouths_look_like(toy_data, recipe, tmp_path):
    tracks = read_tracks([row.path(toy_data) for row in read_index(toy_data)])
    stage = stage_of(recipe)
    batch = Batches(tracks, recipe.data, 5).batch(0)
    before = total(stage, stage.networks.eval(), batch)
    trainer = Trainer(stage, recipe, RunOptions(40, tmp_path, torch.device("cpu"), sample_every=20), seed=1)
    assert trainer.run(lambda first: Batches(tracks, recipe.data, 1, first))
    (file,) = trainer.export(tmp_path / "w")
    assert file.name == "spade_generator.safetensors"
    assert len(list(tmp_path.glob("samples/*.jpg"))) == 2
    after = total(stage, trainer._state.average.networks, batch)
    assert after < 0.7 * before


def test_one_frame_is_too_few(recipe):
    data = replace(recipe.data, sources=1, drivers=1)
    with pytest.raises(InputError, match="2 or more frames a batch"):
        stage_of(replace(recipe, data=data))


def test_terms_of_other_stages_are_refused(recipe):
    with pytest.raises(InputError, match="no losses l1; this stage has mouth"):
        stage_of(replace(recipe, losses={"l1": 1.0}))
