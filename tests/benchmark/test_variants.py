"""Which ways to run a model are measured, and with which weights."""

import pytest
import torch

from src.benchmark import variants as module
from src.benchmark.variants import Variant, asked_variants, baseline, networks_of, opened_model, variants_of
from src.engine.eager.compact import EagerCompact
from src.engine.official import OfficialEngine
from src.errors import InputError
from src.weights.resolve import ResolvedModel

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_the_baseline_comes_first():
    assert variants_of(["auto"], ["auto"], CPU) == [Variant("eager", "float32"), Variant("fused", "float32")]
    assert variants_of(["fused", "eager"], ["float32", "float32"], CPU) == variants_of(["auto"], ["auto"], CPU)
    assert [str(variant) for variant in variants_of(["onnx", "auto"], ["auto"], CUDA)] == [
        "eager float16",
        "onnx float32",  # what graphs are
        "fused float16",
    ]
    assert baseline(CUDA, "compact") == Variant("eager", "float32")


def test_only_what_was_asked_for():
    assert asked_variants(["fused", "auto"], ["float32"], CUDA) == [Variant("fused", "float32")]


@pytest.mark.parametrize(
    ("device", "compiled", "names"),
    [
        (CPU, False, "eager float32, fused float32"),
        (CPU, True, "eager float32, fused float32"),  # which are not compiled
        (CUDA, False, "eager float32"),  # the compact networks have no fused form there
    ],
)
def test_the_same_thing_is_listed_once(device, compiled, names):
    """The compact networks are float32 whatever is asked."""
    found = variants_of(
        ["eager", "auto", "fused"] if not compiled else ["auto", "fused"],
        ["float32", "bfloat16"],
        device,
        compiled=compiled,
        model="compact",
    )
    assert ", ".join(map(str, found)) == names


def test_what_auto_is_on_apples_gpu():
    assert variants_of(["auto"], ["float32"], torch.device("mps")) == [Variant("eager", "float32")]


def test_compiled_is_not_the_baseline():
    found = variants_of(["eager"], ["auto"], CPU, compiled=True)
    assert [str(variant) for variant in found] == ["eager float32", "eager float32 compiled"]


def test_a_precision_that_the_device_cannot_do():
    with pytest.raises(InputError, match="float16 is for GPUs"):
        variants_of(["fused"], ["float16"], CPU)


def test_a_model_that_does_not_exist():
    with (
        pytest.raises(InputError, match="there is no model 'huge' to measure: choose one of base"),
        opened_model("huge"),
    ):
        pass


def test_the_compact_model_has_its_own_weights():
    with opened_model("compact") as model:
        assert (model.files.name, model.note, model.is_random) == ("compact", "its own weights", False)
        assert isinstance(networks_of(Variant("eager", "float32").create(model.files, CPU)), EagerCompact)


def test_official_weights_are_taken_where_they_are(official_weights_dir):
    with opened_model("base", official_weights_dir) as model:
        assert not model.is_random and str(official_weights_dir) in model.note


def test_official_weights_are_never_fetched(tmp_path, monkeypatch):
    """Random ones take their place while the block lasts."""
    written = []

    def write(name, folder):
        written.append(folder)
        return ResolvedModel(name, folder, {}, {})

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(module, "write_random_model", write)
    with opened_model("base", tmp_path) as model:
        assert model.is_random and "random weights" in model.note
        assert written[0].is_dir() and written[0] != tmp_path
    assert not written[0].exists()


def test_networks_of_the_official_layout(official_weights_dir):
    with opened_model("base", official_weights_dir) as model:
        engine = Variant("eager", "float32").create(model.files, CPU)
        assert isinstance(engine, OfficialEngine) and networks_of(engine) is engine.networks
