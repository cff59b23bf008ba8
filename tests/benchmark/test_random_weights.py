"""Weights made on the fly: they load, they repeat, and they make pictures with contrast."""

import math

import pytest
import torch

from src.benchmark import random_weights
from src.benchmark.inputs import random_inputs
from src.benchmark.random_weights import NETWORKS, write_random_model
from src.benchmark.variants import Variant
from src.config.model_config import load_model_config
from src.engine.checkpoints import Checkpoints
from src.weights.load import read_state
from src.weights.resolve import resolve_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("random")
    yield write_random_model("base", folder)
    for file in folder.rglob("*.safetensors"):  # half a gigabyte, which pytest would keep
        file.unlink()


def test_all_networks_load(model):
    checkpoints = Checkpoints(model.files, model.config, torch.device("cpu"))
    for name, network in NETWORKS.items():
        checkpoints.build(network, name)
    heads = checkpoints.heads()
    x = torch.rand(1, 21, 3)
    assert heads.stitch(x, x).shape == (1, 21, 3)


def test_the_files_lie_where_official_ones_would(model):
    found = resolve_model("base", model.folder)
    assert found.files == model.files


def test_animals_have_them_too(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(random_weights, "_write", lambda state, path: written.append(path))
    model = write_random_model("animals", tmp_path)
    assert sorted(written) == sorted(model.files.values())
    assert model.config == load_model_config("base")
    assert sum("liveportrait_animals" in path.parts for path in written) == len(NETWORKS)  # they share their S and R


def test_weights_depend_on_the_seed_alone(model):
    state = read_state(model.files["appearance_feature_extractor"])
    weight = state["first.conv.weight"]
    assert weight.std().item() == pytest.approx(math.sqrt(2 / math.prod(weight.shape[1:])), rel=0.1)
    expected = torch.rand(weight.shape, generator=torch.Generator().manual_seed(0)) - 0.5
    assert torch.allclose(weight / weight.std(), expected / expected.std())


@pytest.mark.slow
@torch.no_grad()
def test_pictures_have_contrast(model):
    engine = Variant("eager", "float32").create(model, torch.device("cpu"))
    inputs = random_inputs(engine, 1)
    out = engine.warp_decode(engine.encode_source(inputs.source), inputs.x_s, inputs.x_d)["out"]
    assert 0.3 < out.mean().item() < 0.7 and out.std().item() > 0.1
    assert ((out < 0.01) | (out > 0.99)).float().mean().item() < 0.1
