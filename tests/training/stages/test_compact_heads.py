"""Stage 2 of the compact model: a short run, what it exports, and what S and R promise."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.config.model_config import load_model_config
from src.engine.heads import Heads
from src.errors import InputError
from src.modules.stitching_retargeting_network import StitchingRetargetingNetwork
from src.motion.pose import get_rotation_matrix
from src.motion.sliders import slider_delta
from src.training.data.index import read_index
from src.training.data.keypoint_batches import KeypointBatches
from src.training.data.tracks import read_tracks
from src.training.recipe import load_recipe
from src.training.stages.changes import PARTS
from src.training.stages.compact_heads import CompactHeadsStage
from src.training.stages.neck_stitching import NeckStitching
from src.training.stages.skull import NECK, mean_face_keypoints
from src.training.trainer import RunOptions, Trainer
from src.weights.layout import split_stitching
from src.weights.load import load_strict, read_state
from tests.tolerances import FLOAT32

from ..toy_faces import write_toy_data

PARAMS = load_model_config("compact")
SIZES = PARAMS["stitching_retargeting_module_params"]
ROUNDING = FLOAT32["ratio"].abs
HALF = 2e-3  # of crop units: what rounding of weights to float16 may move
angles = st.tuples(*[st.floats(-25, 25)] * 3)


@pytest.fixture(scope="module")
def tracks(tmp_path_factory):
    folder = write_toy_data(tmp_path_factory.mktemp("toy") / "data", clips=3, frames=16, stills=1)
    return read_tracks([row.path(folder) for row in read_index(folder)])


@pytest.fixture(scope="module")
def recipe():
    recipe = load_recipe("compact", 2)
    optimizer = replace(recipe.optimizer, lr=3e-3, warmup=0, average=0.9)
    return replace(recipe, data=replace(recipe.data, sources=8), optimizer=optimizer)


@pytest.fixture(scope="module")
def trained(tracks, recipe, tmp_path_factory):
    """A stage after a short run, its trainer, and the sum of its losses before and after."""
    torch.manual_seed(0)
    stage = CompactHeadsStage(PARAMS, recipe)
    options = RunOptions(40, tmp_path_factory.mktemp("run"), torch.device("cpu"), sample_every=20)
    trainer = Trainer(stage, recipe, options, seed=1)
    batch = KeypointBatches(tracks, recipe.data, 5).batch(0)
    before = total(stage, batch)
    trainer.run(lambda first: KeypointBatches(tracks, recipe.data, 1, first))
    return trainer, before, total(stage, batch)


@pytest.fixture(scope="module")
def heads(trained, tmp_path_factory):
    """The exported file, as the product reads it."""
    (path,) = trained[0].export(tmp_path_factory.mktemp("weights"))
    assert path.name == "stitching_retargeting.safetensors"
    state = read_state(path)
    assert "stitching.mlp.0.weight" in state and state["eye.mlp.0.bias"].dtype == torch.float16
    networks = {}
    for name, part in split_stitching(state).items():
        networks[name] = StitchingRetargetingNetwork(**SIZES[name])
        load_strict(networks[name], part, name)
    return Heads(**networks)


def total(stage, batch):
    torch.manual_seed(2)
    with torch.no_grad():
        return float(sum(stage.losses(batch, 0).networks.values()))


def test_a_short_run_learns(trained):
    _, before, after = trained
    assert after < 0.6 * before


def test_every_term_is_weighted(tracks, recipe):
    losses = CompactHeadsStage(PARAMS, recipe).losses(KeypointBatches(tracks, recipe.data, 0).batch(0), 0)
    assert set(losses.networks) == set(load_recipe("compact", 2).losses)
    assert all(term.ndim == 0 and term.isfinite() for term in losses.networks.values()) and not losses.critics


def test_numbers_are_float32_under_autocast(tracks, recipe):
    stage, batch = CompactHeadsStage(PARAMS, recipe), KeypointBatches(tracks, recipe.data, 0).batch(0)
    found = []
    for on in (False, True):
        torch.manual_seed(2)
        with torch.autocast("cpu", torch.bfloat16, enabled=on):
            found.append(stage.losses(batch, 0).networks)
    assert all(torch.equal(term, found[1][name]) for name, term in found[0].items())


@pytest.mark.parametrize(
    ("changes", "drivers", "message"),
    [
        ({}, 2, "drivers of 3 or more, got 2"),
        ({"losses": {"neck": 1.0, "warp": 1.0}}, 3, "no losses warp.*neck"),
        ({"losses": {"neck": -1.0}}, 3, "neck .*-1"),
        ({"losses": {"neck": 0.0}}, 3, "no loss has a weight"),
    ],
)
def test_wrong_recipes_are_refused(recipe, changes, drivers, message):
    with pytest.raises(InputError, match=message):
        CompactHeadsStage(PARAMS, replace(recipe, data=replace(recipe.data, drivers=drivers), **changes))


@pytest.mark.parametrize("name", PARTS)
def test_retargeting_leaves_other_parts_alone(heads, trained, tracks, recipe, name):
    batch = KeypointBatches(tracks, recipe.data, 3).batch(0)
    own = batch["openness_source"][:, PARTS[name].columns]
    ratios = torch.cat([own, torch.full((len(own), 1), 0.3)], 1)
    delta = getattr(heads, f"retarget_{name}")(batch["kp_source"], ratios)
    assert not (delta * (1 - PARTS[name].mask)).any()
    assert delta.any()


@given(angles, st.floats(0.8, 1.2), st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)))
@settings(max_examples=30, deadline=None)
def test_stitching_brings_the_neck_back(turn, zoom, shift):
    stitching = NeckStitching()
    heads = Heads(stitching.as_network(SIZES["stitching"]), torch.nn.Identity(), torch.nn.Identity())
    face, neck, place = 0.6 * mean_face_keypoints(), 0.6 * torch.tensor([NECK]), torch.tensor([0.0, 0.1, 0.0])
    R = get_rotation_matrix(*torch.tensor(turn)[:, None])
    move = lambda points: zoom * points @ R + torch.tensor([*shift, 0.0])  # noqa: E731
    x_s, x_d = face[None] + place, move(face) + place
    stitched = heads.stitch(x_s, x_d)
    shift_found = stitched - x_d
    assert torch.allclose(shift_found, shift_found[:, :1].expand_as(shift_found), atol=ROUNDING)  # one for all
    assert torch.allclose(shift_found[0, 0, :2], (neck - move(neck))[0, 0, :2], atol=ROUNDING)


@pytest.mark.parametrize(
    "slider", ["lip_variation_zero", "lip_variation_three", "smile", "wink", "eyebrow", "eyeball_direction_x"]
)
def test_expressions_do_not_move_the_face(heads, slider):
    x_s = 0.6 * mean_face_keypoints()[None]
    x_d = x_s + 0.6 * slider_delta({slider: 0.05 if slider == "lip_variation_zero" else 1.0}).float()
    assert not torch.equal(x_s, x_d)
    assert torch.allclose(heads.stitch(x_s, x_s), x_s, atol=ROUNDING)
    assert torch.allclose(heads.stitch(x_s, x_d), x_d, atol=ROUNDING)


def test_what_is_exported_stitches_as_what_was_trained(heads, trained):
    stitching = trained[0]._state.average.networks["stitching"]
    x_s, x_d = torch.rand(2, 3, 21, 3).unbind(0)
    expected = stitching(x_s, x_d)
    assert (heads.stitch(x_s, x_d) - x_d)[:, 4, :2].sub(expected).abs().max() < HALF
