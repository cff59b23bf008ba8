"""Weights to begin with."""

import logging

import pytest
import torch
from safetensors.torch import save_file

from src.config.model_config import load_model_config
from src.errors import MissingFileError
from src.modules.compact.keypoints import lip_edge_weights
from src.modules.compact.warping_network import CompactWarpingNetwork
from src.training.beginning import blocks_in, files_of, load_from_folder, with_blocks
from src.weights.layout import LIP_EDGE

from .weights_folders import compact_folder, larger_folder


def network():
    return CompactWarpingNetwork(**load_model_config("compact")["warping_module_params"])


def begun(folder, state, caplog):
    """A network that begins with such a file, and what was said."""
    file = folder / "compact" / "warping_module.safetensors"
    file.parent.mkdir()
    save_file(state, file)
    begins = network()
    with caplog.at_level(logging.INFO):
        load_from_folder({"warping_module": begins}, "compact", folder)
    assert torch.equal(begins.fourth.weight, state["fourth.weight"])
    return begins, caplog.text


def test_weights_of_before_the_lips_edge_get_it(tmp_path, caplog):
    state = {key: value for key, value in network().state_dict().items() if key != LIP_EDGE}
    begins, said = begun(tmp_path, state, caplog)
    assert torch.equal(begins.dense_motion_network.lip_edge, lip_edge_weights())
    assert "before the points of the lips' edge: training adds them" in said


def test_others_keep_theirs(tmp_path, caplog):
    state = {**network().state_dict(), LIP_EDGE: torch.full((10, 21), 0.5)}
    begins, said = begun(tmp_path, state, caplog)
    assert torch.equal(begins.dense_motion_network.lip_edge, state[LIP_EDGE])
    assert "lips" not in said


def test_blocks_of_a_folders_g(tmp_path):
    params = load_model_config("compact")
    group = params["spade_generator_params"]
    assert blocks_in(tmp_path) == {}
    assert with_blocks(params, {}) == params
    found = blocks_in(larger_folder(tmp_path / "w"))
    assert found == {"num_middle": group["num_middle"] + 1, "refine_blocks": group["refine_blocks"] + 1}
    assert with_blocks(params, found) == {**params, "spade_generator_params": {**group, **found}}


def test_files_of_some_networks(tmp_path):
    folder = compact_folder(tmp_path / "w", leave_out="warping_module")
    generator = folder / "compact/spade_generator.safetensors"
    assert files_of(["spade_generator"], "compact", folder) == {"spade_generator": generator}
    with pytest.raises(MissingFileError, match=r"lacks compact/warping_module\.safetensors, compact/stitching"):
        files_of(["warping_module", "spade_generator", "stitching_retargeting_module"], "compact", folder)
