"""Stage 4 of the compact model: a smaller G comes to draw what a larger one draws, and nothing else changes."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from src.config.model_config import load_model_config
from src.engine.checkpoints import Checkpoints
from src.errors import InputError
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.training.data.batches import Batches
from src.training.recipe import load_recipe
from src.training.stages.compact import compact_networks
from src.training.stages.compact_distill import CompactDistillStage, distill_stage
from src.training.stages.compact_drivers import with_more_drivers
from src.training.trainer import RunOptions, Trainer
from src.weights.layout import MOUTH_TEXTURE, without_texture

from ..weights_folders import larger_folder
from .test_official import floats

PARAMS = load_model_config("compact")
G = PARAMS["spade_generator_params"]
LARGER = {**G, "num_middle": G["num_middle"] + 1, "refine_blocks": G["refine_blocks"] + 1}


@pytest.fixture(scope="module")
def recipe():
    recipe = load_recipe("compact", 4)
    optimizer = replace(recipe.optimizer, warmup=0, average=0.9)
    return replace(recipe, data=replace(recipe.data, sources=3, drivers=1), optimizer=optimizer)


@pytest.fixture
def batch(tracks, recipe):
    return floats(Batches(tracks, recipe.data, 5).batch(0))


@pytest.fixture
def folder(tmp_path):
    return larger_folder(tmp_path / "larger")


@pytest.fixture
def stage(recipe, folder):
    return distill_stage(PARAMS, recipe, folder)


def networks_with(params=LARGER) -> nn.ModuleDict:
    torch.manual_seed(4)
    return compact_networks({**PARAMS, "spade_generator_params": params})


def loss(stage, batch) -> float:
    with torch.no_grad():
        return float(sum(stage.losses(batch, 0).networks.values()))


@pytest.fixture
def trained(stage, recipe, tracks, batch, tmp_path):
    """A trainer after a short run, with the loss and the weights of before."""
    before, first = loss(stage, batch), {key: value.clone() for key, value in stage.networks.state_dict().items()}
    trainer = Trainer(stage, recipe, RunOptions(12, tmp_path, torch.device("cpu"), sample_every=12), seed=1)
    assert trainer.run(lambda start: Batches(tracks, recipe.data, 1, start))
    return trainer, before, first


def test_a_short_run_comes_closer_and_changes_g_alone(trained, stage, batch, tmp_path):
    _, before, first = trained
    assert loss(stage, batch) < 0.8 * before
    assert len(list(tmp_path.glob("samples/*.jpg"))) == 1
    weights = [key for key in without_texture(stage.networks["spade_generator"].state_dict()) if key.endswith("weight")]
    now = stage.networks.state_dict()
    assert not any(torch.equal(now[f"spade_generator.{key}"], first[f"spade_generator.{key}"]) for key in weights)
    assert all(torch.equal(now[key], first[key]) for key in now if not key.startswith("spade_generator"))
    texture = [key for key in now if MOUTH_TEXTURE in key]
    assert texture and all(torch.equal(now[key], first[key]) for key in texture)


def test_the_average_is_exported_with_the_texture_of_before(trained, stage, folder, tmp_path):
    trainer = trained[0]
    files = {file.stem: file for file in trainer.export(tmp_path / "out")}
    assert files.keys() == {"appearance_feature_extractor", "warping_module", "spade_generator"}
    (tmp_path / "other").touch()
    assert all(file.stat().st_mode == (tmp_path / "other").stat().st_mode for file in files.values())
    larger = {**PARAMS, "spade_generator_params": LARGER}  # of another definition: the file says how large it is
    built = Checkpoints(files, larger, torch.device("cpu")).build(CompactSPADEDecoder, "spade_generator")
    assert (built.num_middle, len(built.refine)) == (G["num_middle"], G["refine_blocks"])
    checkpoint = torch.load(next(tmp_path.glob("checkpoints/*")), weights_only=True)
    assert torch.allclose(built.fc.weight, checkpoint["average"]["spade_generator.fc.weight"], atol=1e-4)
    assert not torch.allclose(built.fc.weight, stage.networks["spade_generator"].fc.weight, atol=1e-4)
    given = load_file(folder / "compact/spade_generator.safetensors")
    exported = load_file(files["spade_generator"])
    assert all(torch.equal(exported[key], given[key]) for key in exported if key.startswith(MOUTH_TEXTURE))


def test_the_loss_counts_what_the_teacher_draws_and_not_the_driving_frames(recipe, batch):
    networks = networks_with()
    teacher = networks["spade_generator"]
    with torch.no_grad():
        for extra in (teacher.get_submodule(f"G_middle_{G['num_middle']}").conv_1, teacher.refine[-1]):
            extra.weight.zero_()
            extra.bias.zero_()
    stage = CompactDistillStage(networks, G, recipe)
    assert loss(stage, batch) == 0
    with torch.no_grad():
        stage.networks["spade_generator"].conv_img[0].bias.add_(0.3)
    assert loss(stage, batch) > 0.01


def test_more_drivers_than_the_frames_count(stage, batch):
    """W, and so the loss, sees them all."""
    seen = []
    stage.networks["warping_module"].register_forward_hook(lambda module, inputs, result: seen.append(inputs[1]))
    torch.manual_seed(0)
    loss(stage, batch)
    torch.manual_seed(0)
    assert torch.equal(seen[0], with_more_drivers(batch)["kp_driving"].flatten(0, 1))
    assert len(seen[0]) == 3 * len(batch["driving"].flatten(0, 1))


def test_the_share_of_the_texture_is_the_definitions(recipe, folder):
    """In what the teacher draws, too: the new G learns what goes with it."""
    path = folder / "compact/spade_generator.safetensors"
    save_file({**load_file(path), f"{MOUTH_TEXTURE}.share": torch.tensor(0.75, dtype=torch.float16)}, path)
    stage = distill_stage(PARAMS, recipe, folder)
    teacher = stage._teacher.on(torch.device("cpu"))
    for generator in (stage.networks["spade_generator"], teacher):
        assert float(generator.mouth_texture.share) == pytest.approx(G[MOUTH_TEXTURE]["share"])


def test_a_teacher_without_a_texture_gives_none(recipe):
    params = without_texture(LARGER)
    stage = CompactDistillStage(networks_with(params), without_texture(G), recipe)
    assert stage.networks["spade_generator"].mouth_texture is None


@pytest.mark.parametrize(("size", "told"), [(96, "at least that, got 96"), (129, "must be even, got 129")])
def test_pictures_of_a_size_that_does_not_fit_are_refused(recipe, size, told):
    with pytest.raises(InputError, match=told):
        CompactDistillStage(networks_with(), G, replace(recipe, data=replace(recipe.data, size=size)))


def test_one_source_alone_is_refused(recipe):
    with pytest.raises(InputError, match="2 or more sources, got 1"):
        CompactDistillStage(networks_with(), G, replace(recipe, data=replace(recipe.data, sources=1)))


@pytest.mark.parametrize(("middle", "refining"), [(0, 0), (1, -1)])
def test_a_teacher_that_is_no_larger_is_refused(recipe, middle, refining):
    """Of neither kind may the new one have more blocks."""
    params = {**G, "num_middle": G["num_middle"] + middle, "refine_blocks": G["refine_blocks"] + refining}
    told = rf"--init has {params['num_middle']} middle and {params['refine_blocks']} .* new one .* {G['num_middle']} "
    with pytest.raises(InputError, match=told):
        CompactDistillStage(networks_with(params), G, recipe)
