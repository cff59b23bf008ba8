"""Checkpoints that a run cannot go on from."""

from dataclasses import replace

import pytest
import torch

from src.errors import WeightsError
from src.training.options import TrainOptions
from src.training.run import train

SKIP = "spade_generator.skip_in.weight"


@pytest.fixture(scope="module")
def begun(toy_data, tmp_path_factory):
    """Options that go on from a run of one step, its checkpoint, and what that holds."""
    output = tmp_path_factory.mktemp("begun") / "run"
    options = TrainOptions(
        toy_data, steps=1, output=output, sources=2, device="cpu", backbone="none", sample_every=0, save_every=1
    )
    train(options)
    (path,) = (output / "checkpoints").iterdir()
    return replace(options, steps=2, resume=True), path, path.read_bytes()


def changed(begun, change):
    """Options that go on from the same checkpoint after a change of its state."""
    options, path, content = begun
    path.write_bytes(content)
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, path)
    return options


def test_without_networks(begun):
    with pytest.raises(WeightsError, match="holds no average"):
        train(changed(begun, lambda state: state.pop("average")))


def test_networks_of_an_earlier_form(begun):
    def change(state):
        for part in ("networks", "average"):
            state[part][SKIP] = state[part][SKIP][:, :-4]

    told = rf"\(size mismatch for {SKIP}: .*\): say --init .* it was made by .*--init"
    with pytest.raises(WeightsError, match=told) as caught:
        train(changed(begun, change))
    assert "another version of the networks" in str(caught.value) and "\n" not in str(caught.value)


def test_damaged(begun):
    options, path, content = begun
    path.write_bytes(content[:5000])
    with pytest.raises(WeightsError, match="cannot be read as a checkpoint"):
        train(options)
