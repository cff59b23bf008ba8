"""All measurements in one call: their order, and what a failure leaves."""

import json
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from src.benchmark import everything as module
from src.benchmark.everything import Part, Scope, measure_everything, wanted_variants
from src.benchmark.variants import OpenedModel, Variant

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
EXAMPLES = Path(__file__).parents[2] / "assets/examples"
SOURCE, DRIVING = EXAMPLES / "source/s1.jpg", EXAMPLES / "driving/d0.mp4"
QUICK = Scope(["compact"], [1], runs=1, warmup=0, frames=2, clip_runs=1, compiled=False, peak_side=64)
ORDER = ["peak", "parity, compact", "memory, compact", "networks, compact", "clip, compact"]


def test_a_rehearsal():
    parts = list(measure_everything(CPU, QUICK, SOURCE, DRIVING))
    assert [part.name for part in parts] == ORDER
    for part in parts:
        assert part.errors == [] and part.figures and part.seconds > 0
        assert json.loads(json.dumps(part.as_dict()))["figures"]


def test_what_fails_is_reported_and_the_rest_goes_on(monkeypatch):
    def fail_late(*given, **named):
        yield "a figure"
        raise RuntimeError("no\nmemory  left")

    monkeypatch.setattr(module, "measure_modules", fail_late)
    parts = {part.name: part for part in measure_everything(CPU, QUICK, SOURCE, DRIVING)}
    assert list(parts) == ORDER
    assert parts["networks, compact"].errors == ["RuntimeError: no memory left"]
    assert parts["networks, compact"].figures == ["a figure"]
    assert parts["clip, compact"].figures and not parts["clip, compact"].errors


def test_an_engine_that_fails_is_named_and_left_out(monkeypatch):
    create = Variant.create

    def fail(self, model, device):
        if self.engine == "fused":
            raise NotImplementedError("not on this device")
        return create(self, model, device)

    monkeypatch.setattr(Variant, "create", fail)
    _, parity, _, modules, clip = measure_everything(CPU, QUICK, SOURCE, DRIVING)
    assert parity.errors == ["fused float32: NotImplementedError: not on this device"]
    assert {figure.variant for figure in modules.figures} == {"eager float32"}
    assert [figure.variant for figure in clip.figures] == ["eager float32"]


def test_compiled_networks_come_last(monkeypatch):
    """After all that is quick, of all models, and in parts of their own."""
    asked = []

    def note(model, device, variants, sizes, **named):
        asked.append((model, [str(variant) for variant in variants], [*sizes], named["modules"]))
        return iter(())

    @contextmanager
    def opened(name, folder):
        yield OpenedModel(name, "", is_random=True)

    monkeypatch.setattr(module, "measure_modules", note)
    monkeypatch.setattr(module, "opened_model", opened)
    monkeypatch.setattr(module, "_of_model", lambda name, *given: [Part(f"quick, {name}", "peak")])
    models = ["base", "compact"]
    scope = Scope(models, [1, 4, 16], runs=1, warmup=0, frames=1, clip_runs=1, compiled=True, peak_side=64)
    parts = [part.name for part in measure_everything(CPU, scope, SOURCE, DRIVING)]
    assert parts == [
        *("peak", "quick, base", "quick, compact"),
        "networks compiled, base, eager float32 compiled, batch 1",
        "networks compiled, base, fused float32 compiled, batch 1",
        "networks compiled, base, eager float32 compiled, batch 16",
        "networks compiled, base, fused float32 compiled, batch 16",
        "networks compiled, compact, eager float32 compiled, batch 1",
        "networks compiled, compact, eager float32 compiled, batch 16",
    ]
    assert asked[3] == ("base", ["eager float32", "fused float32 compiled"], [16], ["W+G"])


@pytest.mark.parametrize(
    ("device", "model", "names"),
    [
        (CPU, "base", "eager float32, fused float32, fused bfloat16"),
        (CUDA, "base", "eager float16, eager float32, fused float32, fused float16, fused bfloat16"),
        (CUDA, "compact", "eager float32"),
        (CPU, "compact", "eager float32, fused float32"),
    ],
)
def test_what_is_measured(device, model, names):
    assert ", ".join(map(str, wanted_variants(device, model))) == names
