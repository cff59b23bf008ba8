"""Figures of single networks, on the compact model and on stand-ins."""

import time

import pytest
import torch

from src.benchmark import modules as module
from src.benchmark.footprint import measure_footprints
from src.benchmark.modules import measure_modules
from src.benchmark.variants import Variant, opened_model, variants_of

CPU = torch.device("cpu")
EAGER, FUSED = Variant("eager", "float32"), Variant("fused", "float32")


def test_networks_of_the_compact_model(compact):
    variants = variants_of(["auto"], ["auto"], CPU, model="compact")
    figures = list(measure_modules(compact, CPU, variants, [1, 2], runs=1, warmup=0))
    eager = [figure for figure in figures if figure.variant == "eager float32"]
    assert [(figure.module, figure.batch_size) for figure in eager] == [
        (name, batch_size) for batch_size in (1, 2) for name in ("F", "W", "G", "W+G", "S+R")
    ]
    fused = {figure.module for figure in figures if figure.variant == "fused float32"}
    assert {"F", "W+G", "S+R"} <= fused
    for figure in figures:
        assert figure.timing.median > 0 and figure.ratio > 0 and figure.ratio_single > 0 and figure.memory_mib >= 0
        assert figure.gflops == pytest.approx(2 * figure.gmac / figure.timing.median)
        assert figure.as_dict()["timing"]["n"] == 1
    assert all(figure.ratio == 1 for figure in eager)
    whole = {figure.batch_size: figure.gmac for figure in eager if figure.module == "W+G"}
    assert whole[1] == pytest.approx(0.924, abs=0.001) and whole[2] == pytest.approx(2 * whole[1], rel=0.01)


def test_ratios(compact, monkeypatch):
    """A picture counts, not a call; the baseline is eager at the same batch size, and one picture at a time."""
    pauses = {("eager", 1): 0.04, ("fused", 1): 0.02, ("eager", 4): 0.08, ("fused", 4): 0.04}

    def calls(engine, batch_size):
        return {"W+G": lambda: time.sleep(pauses[engine, batch_size])}

    monkeypatch.setattr(module, "module_calls", calls)
    monkeypatch.setattr(Variant, "create", lambda self, model, device: self.engine)
    figures = list(measure_modules(compact, CPU, [EAGER, FUSED], [1, 4], runs=3, warmup=0))
    assert [figure.ratio for figure in figures] == pytest.approx([1, 2, 1, 2], rel=0.25)
    assert [figure.ratio_single for figure in figures] == pytest.approx([1, 2, 2, 4], rel=0.25)
    assert [figure.ms_per_picture for figure in figures] == pytest.approx([40, 20, 20, 10], rel=0.25)
    assert all(figure.gmac is None and figure.gflops is None for figure in figures)


def test_without_batch_size_1_nothing_is_compared_with_it(compact):
    figures = measure_modules(compact, CPU, [EAGER], [2], runs=1, warmup=0, modules=["S+R"])
    assert [figure.ratio_single for figure in figures] == [None]


def test_memory_with_weights(compact):
    (figure,) = measure_footprints(compact, CPU, [EAGER], [1])
    assert figure.variant == "eager float32" and figure.batch_size == 1 and figure.memory_mib >= 0


@pytest.fixture
def without_convolving(monkeypatch):
    """The convolutions of plain modules only tell the size of what they would give."""

    def sized(convolution):
        def run(x, weight, bias, *options):
            shape = convolution(x.to("meta"), weight.to("meta"), None, *options).shape
            return x.new_zeros(shape)

        return run

    for name in ("conv2d", "conv3d"):
        monkeypatch.setattr(torch.nn.functional, name, sized(getattr(torch.nn.functional, name)))


@pytest.mark.slow
def test_networks_of_the_official_layout(official_weights_dir, without_convolving):
    with opened_model("base", official_weights_dir) as model:
        figures = list(measure_modules(model.files, CPU, [EAGER], [1], runs=1, warmup=0))
    gmac = {figure.module: figure.gmac for figure in figures}
    assert list(gmac) == ["F", "M", "W", "G", "W+G", "S+R"]
    # spec: networks, section 8
    expected = {"F": 32.06, "M": 5.82, "W": 171.04, "G": 445.79, "W+G": 616.83, "S+R": 0.000227}
    assert gmac == pytest.approx(expected, rel=1e-2)
