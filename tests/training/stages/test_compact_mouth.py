"""Stage 3 of the compact model: a short run, what it exports, what its loss counts, and what it is refused for."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from src.config.model_config import load_model_config
from src.engine.checkpoints import Checkpoints
from src.errors import InputError
from src.modules.compact.ellipses import lip_gap
from src.modules.compact.mouth_texture import draw_texture
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.training.data.batches import Batches
from src.training.recipe import load_recipe
from src.training.stages.compact_mouth import CompactMouthStage
from src.training.trainer import RunOptions, Trainer

from .test_official import floats

PARAMS = load_model_config("compact")


@pytest.fixture(scope="module")
def recipe():
    recipe = load_recipe("compact", 3)
    optimizer = replace(recipe.optimizer, lr=5e-3, warmup=0, average=0.9)
    return replace(recipe, data=replace(recipe.data, sources=6), optimizer=optimizer)


@pytest.fixture
def batch(tracks, recipe):
    return floats(Batches(tracks, recipe.data, 5).batch(0))


def stage_of(recipe) -> CompactMouthStage:
    torch.manual_seed(0)
    return CompactMouthStage(PARAMS, recipe)


def loss(stage, batch) -> float:
    stage.networks.eval()
    with torch.no_grad():
        return float(stage.losses(batch, 0).networks["mouth"])


@pytest.fixture(scope="module")
def trained(tracks, recipe, tmp_path_factory):
    stage, folder = stage_of(recipe), tmp_path_factory.mktemp("run")
    trainer = Trainer(stage, recipe, RunOptions(60, folder, torch.device("cpu"), sample_every=30), seed=1)
    assert trainer.run(lambda first: Batches(tracks, recipe.data, 1, first))
    assert len(list(folder.glob("samples/*.jpg"))) == 2
    return stage, trainer


def test_a_short_run_learns_what_mouths_look_like(trained, batch, recipe):
    """More than the colour that all of them have in common."""
    stage = stage_of(recipe)
    before, stage.networks = loss(stage, batch), trained[1]._state.average.networks
    target, kp = batch["driving"].flatten(0, 1), batch["kp_driving"].flatten(0, 1)
    mouth = draw_texture(torch.zeros(len(kp), 3, 2, 2), kp, 128)[1] * (lip_gap(kp) / 0.03).clamp(max=1)[..., None, None]
    common = (mouth * target).sum((0, 2, 3)) / mouth.sum()
    of_that = (mouth * (target - common[:, None, None]).abs()).sum() / (3 * mouth.sum())
    assert loss(stage, batch) < 0.35 * before
    assert loss(stage, batch) < 0.8 * float(of_that)


def test_the_average_is_exported_and_runs(trained, tmp_path):
    stage, trainer = trained
    files = {file.stem: file for file in trainer.export(tmp_path / "w")}
    assert files.keys() == {"appearance_feature_extractor", "warping_module", "spade_generator"}
    average = trainer._state.average.networks["spade_generator"].mouth_texture
    built = Checkpoints(files, PARAMS, torch.device("cpu")).build(CompactSPADEDecoder, "spade_generator").mouth_texture
    for name, value in average.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(built.state_dict()[name], value, rtol=1e-3, atol=1e-6)
    raw = stage.networks["spade_generator"].mouth_texture.mlp[0].weight
    assert not torch.allclose(built.mlp[0].weight, raw, rtol=1e-3, atol=1e-6)
    exported = load_file(files["spade_generator"])
    assert torch.equal(exported["fc.weight"], stage.networks["spade_generator"].fc.weight.detach().half())


def test_a_mouth_counts_as_far_as_it_is_open(recipe, batch):
    stage = stage_of(recipe)
    before = loss(stage, batch)
    shut = {name: value.clone() for name, value in batch.items()}
    shut["kp_driving"][:3, :, 19] = shut["kp_driving"][:3, :, 20]
    shut["driving"][:3] = 1 - shut["driving"][:3]
    rest = {name: value[3:] for name, value in batch.items()}
    assert loss(stage, shut) == pytest.approx(loss(stage, rest), rel=1e-4)
    assert loss(stage, shut) != pytest.approx(before, rel=1e-3)


def test_colours_are_the_sources(recipe, batch):
    stage = stage_of(recipe)
    with torch.no_grad():
        stage.networks["spade_generator"].mouth_texture.mlp[0].weight.mul_(20)  # else it hardly looks at them
    before = loss(stage, batch)
    moved = {**batch, "source": batch["source"].roll(20, -1), "kp_source": batch["kp_source"].clone()}
    moved["kp_source"][..., 0] += 20 * 2 / batch["source"].shape[-1]
    inside = moved["kp_source"][..., 0].amax(1) < 0.95  # of these the same pixels are read
    assert inside.any()
    moved, same = ({name: value[inside] for name, value in each.items()} for each in (moved, batch))
    assert loss(stage, moved) == pytest.approx(loss(stage, same), rel=1e-4)
    assert loss(stage, {**batch, "source": 1 - batch["source"]}) != pytest.approx(before, rel=1e-3)


def test_footage_without_an_open_mouth_is_refused(recipe, batch):
    stage, shut = stage_of(recipe), {**batch, "kp_driving": batch["kp_driving"].clone()}
    shut["kp_driving"][:, :, 19] = shut["kp_driving"][:, :, 20]
    with pytest.raises(InputError, match="no mouth was open in 20 batches of 12 frames"):
        for step in range(20):
            stage.losses(shut, step)


def test_one_face_is_too_few(recipe):
    with pytest.raises(InputError, match="2 or more sources, got 1"):
        stage_of(replace(recipe, data=replace(recipe.data, sources=1)))


def test_terms_of_other_stages_are_refused(recipe):
    with pytest.raises(InputError, match="no losses l1; this stage has mouth"):
        stage_of(replace(recipe, losses={"l1": 1.0}))
