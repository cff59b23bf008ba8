"""From recipes to stages: weights to begin with, and options that a stage cannot use."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from src.config.model_config import load_model_config
from src.errors import InputError, MissingFileError, WeightsError
from src.training import create_stage as module
from src.training.create_stage import create_stage, teacher_of
from src.training.recipe import Blocks, Critics, load_recipe
from src.weights import resolve
from src.weights.layout import LIP_EDGE, MOUTH_TEXTURE, without_texture
from src.weights.paths import shipped_weights_dir

from .stages.test_official import TINY, make_recipe
from .weights_folders import NETWORKS, compact_folder, larger_folder


@pytest.fixture(autouse=True)
def nothing_is_fetched(monkeypatch):
    def refused(*args, **kwargs):
        raise AssertionError("weights to begin with must never be fetched")

    monkeypatch.setattr(resolve, "fetch", refused)


@pytest.fixture
def tiny(monkeypatch):
    """Base with few channels."""
    monkeypatch.setattr(module, "load_model_config", lambda name: TINY)
    return replace(make_recipe(512), backbone="none")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_folder_needs_no_more_than_what_is_trained(tmp_path, suffix):
    recipe = load_recipe("compact")
    shipped = create_stage(recipe, "shipped").networks.state_dict()
    folder = compact_folder(tmp_path / "w", suffix)
    begun = create_stage(recipe, str(folder)).networks.state_dict()
    inner = create_stage(recipe, str(folder / "compact")).networks.state_dict()
    fresh = create_stage(recipe).networks.state_dict()
    assert all(torch.equal(begun[key], value) and torch.equal(inner[key], value) for key, value in shipped.items())
    assert not all(torch.equal(fresh[key], value) for key, value in shipped.items())


def test_what_is_missing_in_a_folder_is_named_and_not_taken_from_elsewhere(tmp_path):
    folder = compact_folder(tmp_path / "w", leave_out="warping_module")
    with pytest.raises(MissingFileError, match=r"w' .*compact/warping_module\.safetensors") as error:
        create_stage(load_recipe("compact"), str(folder))
    assert "spade_generator" not in str(error.value)
    with pytest.raises(MissingFileError, match=r"appearance.*warping.*spade"):
        create_stage(load_recipe("compact"), str(tmp_path / "lost"))


def test_weights_of_another_network_are_refused(tmp_path):
    folder = compact_folder(tmp_path / "w") / "compact"
    (folder / "spade_generator.safetensors").write_bytes((folder / "warping_module.safetensors").read_bytes())
    with pytest.raises(WeightsError, match="spade_generator"):
        create_stage(load_recipe("compact"), str(tmp_path / "w"))


def test_base_begins_with_what_it_exported(tiny, tmp_path):
    stage = create_stage(tiny)
    stage.export(stage.networks, tmp_path)
    begun = create_stage(tiny, str(tmp_path)).networks
    for (name, mine), theirs in zip(stage.networks.named_parameters(), begun.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=2e-3), name  # files are float16
    with pytest.raises(MissingFileError, match="motion_extractor"):
        create_stage(tiny, str(tmp_path / "lost"))


def test_stage_3_adds_the_mouth_to_the_networks_of_a_folder(tmp_path, caplog):
    with pytest.raises(InputError, match=r"stage 3 of compact needs the F, W and G.*--init"):
        create_stage(load_recipe("compact", 3))
    folder = compact_folder(tmp_path / "w")
    with caplog.at_level(logging.INFO):
        stage = create_stage(load_recipe("compact", 3), str(folder))
    assert "texture of the mouth: that of this run takes its place" in caplog.text
    files = {file.stem: load_file(file) for file in stage.export(stage.networks, tmp_path / "out")}
    given = {name: load_file(folder / f"compact/{name}.safetensors") for name in NETWORKS}
    changed = {key for name in NETWORKS for key in given[name] if not torch.equal(files[name][key], given[name][key])}
    assert {key.partition(".")[0] for key in changed} == {MOUTH_TEXTURE}
    assert all(files[name].keys() == given[name].keys() for name in NETWORKS)


def test_stage_1_leaves_the_mouth_out(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        stage = create_stage(load_recipe("compact"), "shipped")
    assert "texture of the mouth" in caplog.text
    exported = load_file(stage.export(stage.networks, tmp_path)[-1])
    shipped = load_file(shipped_weights_dir() / "compact/spade_generator.safetensors")
    assert exported.keys() == without_texture(shipped).keys() < shipped.keys()


@pytest.mark.parametrize("stage", [1, 3])
def test_g_stays_as_large_as_the_one_that_is_begun_with(tmp_path, stage):
    folder = larger_folder(tmp_path / "w")
    begun = create_stage(load_recipe("compact", stage), str(folder))
    exported = load_file(begun.export(begun.networks, tmp_path / "out")[-1])
    given = load_file(folder / "compact/spade_generator.safetensors")
    assert without_texture(exported).keys() == without_texture(given).keys()
    assert all(torch.equal(exported[key], given[key]) for key in without_texture(given))


@pytest.mark.parametrize("blocks", [Blocks(), Blocks(2, 1), Blocks(refine_blocks=3)])
def test_a_new_g_is_as_large_as_the_recipe_says(blocks):
    generator = create_stage(replace(load_recipe("compact"), blocks=blocks)).networks["spade_generator"]
    params = load_model_config("compact")["spade_generator_params"]
    asked = {"num_middle": params["num_middle"], "refine_blocks": params["refine_blocks"], **blocks.given()}
    assert {"num_middle": generator.num_middle, "refine_blocks": len(generator.refine)} == asked


def test_a_g_that_is_begun_with_cannot_get_another_size(tmp_path):
    folder, recipe = str(larger_folder(tmp_path / "w")), load_recipe("compact")
    params = load_model_config("compact")["spade_generator_params"]
    larger = Blocks(params["num_middle"] + 1, params["refine_blocks"] + 1)
    assert (
        create_stage(replace(recipe, blocks=larger), folder).networks["spade_generator"].num_middle == larger.num_middle
    )
    with pytest.raises(InputError, match=r"G of --init has {'num_middle': .*recipe asks for {'num_middle': 7}: leave"):
        create_stage(replace(recipe, blocks=Blocks(num_middle=7)), folder)


def test_stage_4_makes_g_as_small_as_the_recipe_says(tmp_path):
    """Of a G with one block more of each kind than the definition: with one of them less."""
    folder = str(larger_folder(tmp_path / "w"))
    params = load_model_config("compact")["spade_generator_params"]
    blocks = Blocks(refine_blocks=params["refine_blocks"] + 1)
    generator = create_stage(replace(load_recipe("compact", 4), blocks=blocks), folder).networks["spade_generator"]
    assert (generator.num_middle, len(generator.refine)) == (params["num_middle"], blocks.refine_blocks)


def test_stage_4_makes_g_smaller(tmp_path):
    with pytest.raises(InputError, match=r"stage 4 of compact needs the G.*--init"):
        create_stage(load_recipe("compact", 4))
    folder = larger_folder(tmp_path / "w")
    stage = create_stage(load_recipe("compact", 4), str(folder))
    files = {file.stem: load_file(file) for file in stage.export(stage.networks, tmp_path / "out")}
    given = {name: load_file(folder / f"compact/{name}.safetensors") for name in NETWORKS}
    for name, state in files.items():
        assert all(torch.equal(state[key], given[name][key]) for key in state), name
    gone = given["spade_generator"].keys() - files["spade_generator"].keys()
    generator = stage.networks["spade_generator"]
    beyond = f"G_middle_{generator.num_middle}.", f"refine.{len(generator.refine)}."
    assert gone and all(key.startswith(beyond) for key in gone)


@pytest.mark.parametrize("name", NETWORKS)
def test_stage_4_needs_all_of_them(tmp_path, name):
    with pytest.raises(MissingFileError, match=name):
        create_stage(load_recipe("compact", 4), str(compact_folder(tmp_path / "w", leave_out=name)))


def test_stage_4_takes_a_w_of_before_the_lips_edge_as_it_is(tmp_path):
    folder = larger_folder(tmp_path / "w")
    file = folder / "compact/warping_module.safetensors"
    save_file({key: value for key, value in load_file(file).items() if key != LIP_EDGE}, file)
    stage = create_stage(load_recipe("compact", 4), str(folder))
    exported = {path.stem: path for path in stage.export(stage.networks, tmp_path / "out")}
    assert load_file(exported["warping_module"]).keys() == load_file(file).keys()


def test_stage_4_of_a_g_that_is_small_already(tmp_path):
    with pytest.raises(
        InputError, match=r"stage 4 makes G smaller.*larger one as --init, or say fewer blocks in the rec"
    ):
        create_stage(load_recipe("compact", 4), str(compact_folder(tmp_path / "w")))


def test_only_weights_that_are_used_to_the_end_are_a_teacher(tmp_path):
    one, other = (str(larger_folder(tmp_path / str(seed), seed)) for seed in (1, 2))
    recipe = load_recipe("compact", 4)
    assert teacher_of(recipe, one) == teacher_of(recipe, one) != teacher_of(recipe, other)
    assert teacher_of(load_recipe("compact", 1), one) == teacher_of(recipe, None) == ""


def test_what_stage_2_writes_is_no_teacher(tmp_path):
    def taught() -> str:
        return teacher_of(load_recipe("base", 2), str(tmp_path))

    for path in ("base_models/spade_generator", "retargeting_models/stitching_retargeting_module"):
        (tmp_path / "liveportrait" / path).parent.mkdir(parents=True)
        (tmp_path / "liveportrait" / path).with_suffix(".pth").write_bytes(b"one")
    before = taught()
    (tmp_path / "liveportrait/retargeting_models/stitching_retargeting_module.pth").write_bytes(b"other")
    assert taught() == before
    (tmp_path / "liveportrait/base_models/spade_generator.pth").write_bytes(b"other")
    assert taught() != before


def test_nothing_trains_stage_3_of_base():
    with pytest.raises(InputError, match="nothing trains stage 3 of model 'base'"):
        create_stage(replace(load_recipe("base"), stage=3))


@pytest.mark.parametrize("stage", [1, 2])
def test_nothing_of_base_ships(stage):
    with pytest.raises(InputError, match=r"base.*--init"):
        create_stage(replace(load_recipe("base", stage), backbone="none"), "shipped")


@pytest.mark.parametrize(
    ("name", "stage", "changes", "options", "message"),
    [
        ("compact", 1, {}, {"identity": Path("f")}, "--identity"),
        ("compact", 2, {}, {"identity": Path("f")}, "--identity"),
        ("base", 2, {}, {"identity": Path("f")}, "--identity"),
        ("compact", 1, {}, {"save_memory": True}, "--save_memory"),
        ("base", 2, {}, {"save_memory": True}, "--save_memory"),
        ("compact", 1, {"backbone": "efficientnet_lite0"}, {}, "backbone.*weights no perceptual"),
        ("compact", 2, {"backbone": "efficientnet_lite0"}, {}, "backbone"),
        ("base", 2, {"backbone": "efficientnet_lite0"}, {}, "backbone"),
        ("compact", 3, {"backbone": "efficientnet_lite0"}, {}, "backbone"),
        ("compact", 3, {"dropout": 0.1}, {}, "dropout"),
        ("compact", 2, {"dropout": 0.1}, {}, "dropout"),
        ("base", 1, {"dropout": 0.1}, {}, "dropout"),
        ("compact", 2, {"blocks": Blocks(1, 0)}, {}, "blocks are for stages 1 and 4"),
        ("compact", 3, {"blocks": Blocks(0, 1)}, {}, "blocks are for stages 1 and 4"),
        ("base", 1, {"blocks": Blocks(1, 1)}, {}, "blocks are for stages 1 and 4"),
        ("compact", 3, {"critics": Critics(begin=1)}, {}, "critics are for stage 1"),
        ("compact", 4, {"critics": Critics(begin=1)}, {}, "critics are for stage 1"),
        ("base", 2, {"critics": Critics(begin=1)}, {}, "critics are for stage 1"),
        ("base", 1, {"backbone": "none", "losses": {"l1": 1.0}}, {"identity": Path("f")}, "weights no identity"),
    ],
)
def test_options_without_effect_are_refused(monkeypatch, name, stage, changes, options, message):
    monkeypatch.setattr(module.IResNet50, "from_file", lambda path: torch.nn.Identity())
    with pytest.raises(InputError, match=message):
        create_stage(replace(load_recipe(name, stage), **changes), **options)
