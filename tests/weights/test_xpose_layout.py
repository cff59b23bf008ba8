import argparse
import logging

import pytest
import torch
from safetensors.torch import save_file

from src.errors import WeightsError
from src.modules.xpose.xpose import XPose
from src.weights.load import read_state
from src.weights.xpose_layout import xpose_state
from tests.parity.weights import manifest

HEAD = "bbox_embed.5.layers.0.bias"
OURS = "transformer.decoder.bbox_embed.layers.0.bias"
ANOTHER = "transformer.level_embed"


@pytest.fixture(scope="module")
def needed():
    with torch.device("meta"):
        return XPose().state_dict()


@pytest.fixture
def official():
    """The official layout, without memory behind it; but for one head, every copy of which is there."""
    state = {key: torch.empty(entry["shape"], device="meta") for key, entry in manifest("xpose").items()}
    heads = {key: torch.ones(tensor.shape) for key, tensor in state.items() if "_embed." in key and "layers" in key}
    return {**state, **heads}


def test_the_official_layout_becomes_ours(official, needed, caplog):
    state = xpose_state(official, needed)
    assert {key: value.shape for key, value in state.items()} == {key: value.shape for key, value in needed.items()}
    assert not caplog.records


def test_the_network_uses_all_that_is_used(official, needed):
    """What of the official file is neither loaded nor a copy is geometry, or was never used."""
    unused = {key for key in official if key not in needed and "_embed." not in key}
    assert all(key.endswith("relative_position_index") for key in unused if key.startswith("backbone"))
    rest = {key for key in unused if not key.startswith("backbone")}
    assert rest == {"label_enc.weight", "pos_proj.weight", "pos_proj.bias", "padding.weight"}


def test_wrapped_and_prefixed_with_strange_entries(official, needed):
    wrapped = {f"module.{key}": value for key, value in official.items()}
    content = {"model": {**wrapped, "clip_model.visual.proj": torch.ones(2), "epoch": 3}, "optimizer": {}}
    assert xpose_state(content, needed).keys() == needed.keys()


def test_what_is_converted_is_taken_as_it_is(official, needed):
    state = xpose_state(official, needed)
    again = xpose_state(state, needed)
    assert all(again[key] is state[key] for key in state)


def test_copies_that_differ_are_told_and_the_last_one_counts(official, needed, caplog):
    official[HEAD] = torch.full((256,), 2.0)
    with caplog.at_level(logging.WARNING):
        state = xpose_state(official, needed)
    assert torch.equal(state[OURS], official[HEAD])
    assert "bbox_embed" in caplog.text and "pose_embed" not in caplog.text


def test_a_copy_below_the_decoder_yields_to_the_top(official, needed):
    official[f"transformer.decoder.{HEAD}"] = torch.zeros(256)
    assert torch.equal(xpose_state(official, needed)[OURS], official[HEAD])


def test_missing_entries_are_named(official, needed):
    del official[ANOTHER]
    with pytest.raises(WeightsError, match=f"without 1 needed entries .{ANOTHER}"):
        xpose_state(official, needed)
    with pytest.raises(WeightsError, match=r"and \d+ more"):
        xpose_state({"a": 1}, needed)
    with pytest.raises(WeightsError, match="a list as 'model'"):
        xpose_state({"model": [1]}, needed)


def test_options_of_the_training_may_be_in_the_file(tmp_path):
    content = {"model": {"a": torch.ones(2)}, "args": argparse.Namespace(lr=0.1, names=["x"])}
    torch.save(content, tmp_path / "xpose.pth")
    with pytest.raises(WeightsError, match="Namespace"):
        read_state(tmp_path / "xpose.pth")
    found = read_state(tmp_path / "xpose.pth", also=(argparse.Namespace,))
    assert found["args"].lr == 0.1 and torch.equal(found["model"]["a"], torch.ones(2))
    with pytest.raises(WeightsError, match="Namespace"):  # the leave was for one call
        read_state(tmp_path / "xpose.pth")


def test_a_safetensors_file_needs_no_leave(tmp_path):
    save_file({"a": torch.ones(2)}, tmp_path / "xpose.safetensors")
    assert torch.equal(read_state(tmp_path / "xpose.safetensors", also=(argparse.Namespace,))["a"], torch.ones(2))
