"""Weights to begin with."""

import logging

import torch
from safetensors.torch import save_file

from src.config.model_config import load_model_config
from src.modules.compact.keypoints import lip_edge_weights
from src.modules.compact.warping_network import CompactWarpingNetwork
from src.training.beginning import load_from_folder
from src.weights.layout import LIP_EDGE


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
