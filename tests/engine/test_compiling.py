"""What surrounds `torch.compile`; that itself takes minutes on the networks, so no code is generated here."""

import logging
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from src.engine.compiling import Compiler, uncompiled

CPU = torch.device("cpu")


class Doubling(nn.Module):
    def forward(self, x: Tensor, *, shift: float = 0.0) -> Tensor:
        return 2 * x + shift


@pytest.fixture
def asked(monkeypatch):
    """Stands in for `torch.compile`, whose results call the network and are counted."""
    calls = []

    def compiled(network, mode, dynamic):
        assert dynamic is False
        calls.append(mode)
        return network

    monkeypatch.setattr(torch, "compile", compiled)
    return calls


def breaking(monkeypatch, error: Exception, late: bool):
    """A `torch.compile` that fails at once, or when its result is called."""
    calls = []

    def fail(*args, **kwargs):
        calls.append(args)
        raise error

    monkeypatch.setattr(torch, "compile", (lambda network, **_: fail) if late else fail)
    return calls


@pytest.mark.parametrize(("device", "mode"), [("cpu", None), ("mps", None), ("cuda:1", "max-autotune-no-cudagraphs")])
def test_networks_are_compiled_once_and_late(asked, device, mode):
    network = Compiler(torch.device(device))(Doubling())
    assert asked == []
    for _ in range(2):
        assert network(torch.ones(2), shift=1.0).tolist() == [3, 3]
    assert asked == [mode]


@pytest.mark.parametrize("late", [False, True])
def test_where_compiling_is_impossible_the_networks_serve_as_they_are(monkeypatch, caplog, late):
    tried = breaking(monkeypatch, RuntimeError("no compiler\n  was found"), late)
    compiler = Compiler(CPU)
    first, second = compiler(Doubling()), compiler(Doubling())
    with caplog.at_level(logging.WARNING):
        for network in (first, second, first):
            assert network(torch.ones(2), shift=1.0).tolist() == [3, 3]
    assert len(tried) == 1
    (record,) = caplog.records
    assert record.getMessage().endswith("torch.compile failed: no compiler was found")


def test_what_is_wrong_with_the_input_is_not_blamed_on_compiling(asked, caplog):
    network = Compiler(CPU)(nn.Linear(2, 2))
    with pytest.raises(RuntimeError, match="shapes"):
        network(torch.ones(1, 3))
    network(torch.ones(1, 2))
    assert len(asked) == 1 and not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_full_memory_is_no_reason_to_give_up(monkeypatch):
    breaking(monkeypatch, torch.OutOfMemoryError("full"), late=True)
    with pytest.raises(torch.OutOfMemoryError):
        Compiler(CPU)(Doubling())(torch.ones(2))


def test_uncompiled():
    network = Doubling()
    assert uncompiled(network) is network


def test_torchs_own_settings_are_left_alone(monkeypatch):
    import torch._dynamo

    before = torch._dynamo.config.suppress_errors
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))  # traces, but generates no code
    network = Compiler(CPU)(Doubling())
    with torch.no_grad():
        assert network(torch.ones(2)).tolist() == [2, 2]
    assert torch._dynamo.config.suppress_errors is before
