from pathlib import Path

import numpy as np
import pytest
import torch

from src.config.model_config import load_model_config
from src.engine import create
from src.engine.compact import CompactEngine
from src.engine.compiling import Compiler, uncompiled
from src.engine.create import create_engine
from src.engine.eager.compact import EagerCompact
from src.engine.eager.official import EagerOfficial
from src.engine.fused.compact import FusedCompact
from src.engine.fused.official import FusedOfficial
from src.engine.official import OfficialEngine
from src.engine.steady_batches import SteadyBatches
from src.errors import InputError
from src.weights.resolve import ResolvedModel

CPU = torch.device("cpu")


def model(name: str, **changes) -> ResolvedModel:
    """A model whose files are not there: nothing must be read before a network is used."""
    config = {**load_model_config("compact" if name == "compact" else "base"), **changes}
    return ResolvedModel(name, Path("nowhere"), {"motion_extractor": Path("nowhere/m.pth")}, config)


@pytest.mark.parametrize(("name", "kind"), [("compact", CompactEngine), ("base", OfficialEngine)])
def test_the_engine_of_a_model(name, kind):
    engine = create_engine(model(name), CPU)
    assert type(engine) is kind and engine.name == name and engine.device == CPU


def test_animals_have_the_official_networks():
    engine = create_engine(model("animals"), CPU)
    assert isinstance(engine, OfficialEngine) and engine.name == "animals"


@pytest.mark.parametrize(
    ("name", "keypoints", "absolutely"),
    [("compact", "compact", False), ("base", "base", False), ("animals", "base", True)],
)
def test_how_motion_is_taken_over(name, keypoints, absolutely):
    """Templates of people's and animals' official weights go together; animals alone move absolutely."""
    engine = create_engine(model(name), CPU)
    assert (engine.keypoints, engine.moves_absolutely) == (keypoints, absolutely)


def test_the_precision_is_passed_on():
    cuda = torch.device("cuda")
    assert create_engine(model("base"), cuda, "eager")._networks._dtype == torch.float16
    assert create_engine(model("base"), cuda, "eager", half=False)._networks._dtype == torch.float32
    assert create_engine(model("base"), CPU, "eager", precision="bfloat16")._networks._dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("name", "backend", "compiled", "kind"),
    [
        ("base", "auto", False, FusedOfficial),
        ("base", "auto", True, FusedOfficial),
        ("base", "eager", False, EagerOfficial),
        ("compact", "auto", False, FusedCompact),
        ("compact", "auto", True, FusedCompact),
        ("compact", "fused", True, FusedCompact),
        ("compact", "eager", True, EagerCompact),
        ("compact", "eager", False, EagerCompact),
    ],
)
def test_the_backend(name, backend, compiled, kind):
    assert type(create_engine(model(name), CPU, backend, compile_networks=compiled)._networks) is kind


@pytest.mark.parametrize(("precision", "said"), [("bfloat16", True), ("float32", False), ("auto", False)])
def test_compact_networks_have_one_precision(precision, said, caplog):
    create_engine(model("compact"), CPU, precision=precision)
    assert ("no effect: the compact networks are float32" in caplog.text) is said


@pytest.mark.parametrize("name", ["compact", "base"])
def test_networks_are_compiled_if_asked_for(name):
    assert create_engine(model(name), CPU, "eager")._networks._compiler is uncompiled
    compiled = create_engine(model(name), CPU, "eager", compile_networks=True)
    assert isinstance(compiled._networks._compiler, Compiler)
    assert isinstance(compiled._batches, SteadyBatches)


@pytest.mark.parametrize(("backend", "said"), [("auto", True), ("fused", True), ("eager", False)])
def test_the_fused_compact_networks_are_not_compiled(backend, said, caplog):
    engine = create_engine(model("compact"), CPU, backend, compile_networks=True)
    assert ("--flag_do_torch_compile has no effect" in caplog.text) is said
    assert (engine._batches is None) is said


def test_networks_that_do_not_fit_together():
    generator = {**load_model_config("base")["spade_generator_params"], "block_expansion": 32}
    with pytest.raises(InputError, match="W has 256, G has 128"):
        create_engine(model("base", spade_generator_params=generator), CPU)


def test_the_mesh_network_is_opened_once_and_late(monkeypatch):
    opened = []

    class Fake:
        @classmethod
        def open(cls, folder, device):
            opened.append((folder.name, device))
            return cls()

    monkeypatch.setattr(create, "FaceMesh", Fake)
    monkeypatch.setattr(create, "mesh_of_crop", lambda face_mesh, crop: np.ones((478, 3), np.float32))
    engine = create_engine(model("compact"), CPU)
    assert opened == []
    for _ in range(2):
        assert engine.find_meshes(torch.zeros(2, 3, 4, 4)).shape == (2, 478, 3)
    assert opened == [("mediapipe", "cpu")]
