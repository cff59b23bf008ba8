"""Stage 4 of the compact model: a smaller G comes to draw what a larger one draws, and nothing else changes."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from src.config.model_config import load_model_config
from src.engine.checkpoints import Checkpoints
from src.errors import InputError
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.training.data.batches import Batches
from src.training.data.index import read_index
from src.training.data.tracks import read_tracks
from src.training.recipe import load_recipe
from src.training.stages.compact_distill import CompactDistillStage
from src.training.stages.compact_draw import with_crossed
from src.training.stages.initial import initialise
from src.training.trainer import RunOptions, Trainer
from src.weights.layout import MOUTH_TEXTURE, without_texture

PARAMS = load_model_config("compact")
G = PARAMS["spade_generator_params"]
LARGER = {**G, "num_middle": G["num_middle"] + 1, "refine_blocks": G["refine_blocks"] + 1}
PICTURES = ("source", "driving")


def teacher_of(params=LARGER) -> CompactSPADEDecoder:
    torch.manual_seed(4)
    teacher = CompactSPADEDecoder(**params)
    initialise(teacher)
    return teacher


@pytest.fixture(scope="module")
def recipe():
    recipe = load_recipe("compact", 4)
    optimizer = replace(recipe.optimizer, warmup=0, average=0.9)
    return replace(recipe, data=replace(recipe.data, sources=3, drivers=1), optimizer=optimizer)


@pytest.fixture(scope="module")
def tracks(toy_data):
    return read_tracks([row.path(toy_data) for row in read_index(toy_data)])


@pytest.fixture
def batch(tracks, recipe):
    batch = Batches(tracks, recipe.data, 5).batch(0)
    return {name: value.float() / 255 if name in PICTURES else value for name, value in batch.items()}


@pytest.fixture
def stage(recipe):
    torch.manual_seed(0)
    return CompactDistillStage(PARAMS, recipe, teacher_of())


def loss(stage, batch) -> float:
    with torch.no_grad():
        return float(sum(stage.losses(batch, 0).networks.values()))


def test_a_short_run_comes_closer_and_changes_g_alone(stage, recipe, tracks, batch, tmp_path):
    before, first = loss(stage, batch), {key: value.clone() for key, value in stage.networks.state_dict().items()}
    trainer = Trainer(stage, recipe, RunOptions(12, tmp_path, torch.device("cpu"), sample_every=12), seed=1)
    assert trainer.run(lambda start: Batches(tracks, recipe.data, 1, start))
    assert loss(stage, batch) < 0.8 * before
    changed = {key for key, value in stage.networks.state_dict().items() if not torch.equal(value, first[key])}
    assert changed == {
        f"spade_generator.{key}" for key in without_texture(stage.networks["spade_generator"].state_dict())
    }
    assert len(list(tmp_path.glob("samples/*.jpg"))) == 1


def test_a_teacher_that_draws_alike_has_nothing_to_teach(stage, recipe, batch):
    """The loss counts what the teacher draws, and not what the driving frames show."""
    generator, teacher = stage.networks["spade_generator"], teacher_of()
    with torch.no_grad():
        for extra in (teacher.get_submodule(f"G_middle_{G['num_middle']}").conv_1, teacher.refine[-1]):
            extra.weight.zero_()
            extra.bias.zero_()
    same = CompactDistillStage(PARAMS, recipe, teacher)
    assert loss(same, batch) == pytest.approx(0, abs=1e-4)
    with torch.no_grad():
        same.networks["spade_generator"].conv_img[0].bias.add_(0.3)
    assert loss(same, batch) > 0.01
    assert loss(stage, batch) > 0.01
    assert generator.num_middle == G["num_middle"]


def test_each_face_also_moves_as_the_one_before_it(batch):
    crossed, kp_source = with_crossed(batch)["kp_driving"], batch["kp_source"][:, None]
    drivers = batch["kp_driving"].shape[1]
    assert torch.equal(crossed[:, :drivers], batch["kp_driving"])
    torch.testing.assert_close((crossed[:, drivers:] - kp_source), (batch["kp_driving"] - kp_source).roll(1, 0))


def test_those_count_as_well(stage, batch):
    """W, and so the loss, sees them all."""
    seen = []
    stage.networks["warping_module"].register_forward_hook(lambda module, inputs, result: seen.append(inputs[1]))
    loss(stage, batch)
    assert torch.equal(seen[0], with_crossed(batch)["kp_driving"].flatten(0, 1))
    assert len(seen[0]) == 2 * len(batch["driving"].flatten(0, 1))


def test_the_average_is_exported_and_the_product_builds_it(stage, tmp_path):
    files = {file.stem: file for file in stage.export(stage.networks, tmp_path / "w")}
    assert files.keys() == {"appearance_feature_extractor", "warping_module", "spade_generator"}
    built = Checkpoints(files, PARAMS, torch.device("cpu")).build(CompactSPADEDecoder, "spade_generator")
    assert built.num_middle == G["num_middle"] and len(built.refine) == G["refine_blocks"]
    texture = {
        key: value for key, value in load_file(files["spade_generator"]).items() if key.startswith(MOUTH_TEXTURE)
    }
    assert texture and all(torch.equal(value, teacher_of().state_dict()[key].half()) for key, value in texture.items())


def test_a_teacher_without_a_texture_gives_none(recipe):
    stage = CompactDistillStage(PARAMS, recipe, teacher_of(without_texture(LARGER)))
    assert stage.networks["spade_generator"].mouth_texture is None


@pytest.mark.parametrize("size", [96, 129])
def test_pictures_of_a_size_that_does_not_fit_are_refused(recipe, size):
    with pytest.raises(InputError, match=rf"even number of pixels from 128 on, got {size}"):
        CompactDistillStage(PARAMS, replace(recipe, data=replace(recipe.data, size=size)), teacher_of())


@pytest.mark.parametrize("change", [{}, {"refine_blocks": LARGER["refine_blocks"], "num_middle": 0}])
def test_a_teacher_that_is_no_larger_is_refused(recipe, change):
    with pytest.raises(InputError, match=rf"that of --init has {({**G, **change})['num_middle']} middle.*says"):
        CompactDistillStage(PARAMS, recipe, teacher_of({**G, **change}))
