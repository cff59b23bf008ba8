"""The fused official networks through `torch.compile`, small ones: whatever becomes of it, the numbers stay."""

import logging
import shutil
from functools import partial

import pytest
import torch
from torch._inductor import config as inductor

from src.engine.compiling import Compiler
from src.engine.fused.official import FusedOfficial
from tests.engine.fused.test_official import MOTION, PARAMS, Random, arguments
from tests.tolerances import FLOAT32

pytestmark = pytest.mark.slow
CPU = torch.device("cpu")
# Tracing takes as long as there are layers: one of each kind will do.
FEWER = {
    "warping_module": PARAMS["warping_module"] | {"dense_motion_params": MOTION | {"num_blocks": 1}},
    "spade_generator": PARAMS["spade_generator"] | {"num_middle": 1},
}


class Few(Random):
    """The same networks with fewer layers."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "params", FEWER)


@pytest.fixture(autouse=True)
def nothing_kept():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def check_compiled(frames: int, networks: FusedOfficial) -> None:
    given = arguments(frames=frames)
    actual, expected = networks.warp_decode(*given), FusedOfficial(Few()).warp_decode(*given)
    assert set(actual) == set(expected)
    for name, value in actual.items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=FLOAT32["fused"].abs)


def remarks(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "src.engine.compiling"]


def test_they_can_be_traced(monkeypatch, caplog):
    """No code is generated here; batches of two sizes, one after the other."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager", fullgraph=True))
    networks = FusedOfficial(Few(), compiler=Compiler(CPU))
    with caplog.at_level(logging.WARNING):
        for frames in (1, 3):
            check_compiled(frames, networks)
    assert not remarks(caplog)


@pytest.mark.skipif(not shutil.which("g++"), reason="there is no C++ compiler")
def test_with_a_compiler(caplog):
    with caplog.at_level(logging.WARNING):
        check_compiled(1, FusedOfficial(Few(), compiler=Compiler(CPU)))
    assert not remarks(caplog)


def test_without_a_compiler(monkeypatch, caplog):
    monkeypatch.setattr(inductor.cpp, "cxx", (None, "no-such-compiler"))
    monkeypatch.setattr(inductor, "force_disable_caches", True)
    with caplog.at_level(logging.WARNING):
        check_compiled(1, FusedOfficial(Few(), compiler=Compiler(CPU)))
    (remark,) = remarks(caplog)
    assert remark.startswith("the networks run uncompiled, since torch.compile failed: ") and "\n" not in remark
