"""Random networks and maps, and how a rewrite is compared with what it stands for."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from src.engine.fused import generator, plane_conv, volume_conv
from tests.tolerances import FLOAT64

Network = TypeVar("Network", bound=nn.Module)


def normal(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, dtype=torch.float64).to(dtype)


def last(x: Tensor) -> Tensor:
    """Channels last, as the fused networks have them."""
    return x.movedim(1, -1).contiguous()


def random_weights(network: Network) -> Network:
    """A network in float64 whose weights and running statistics are none that a rewrite could mistake for another."""
    for parameter in network.parameters():
        parameter.normal_(0, 0.3)
    for buffer in network.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    return network.double().eval().requires_grad_(False)


def assert_same(actual: Tensor, expected: Tensor) -> None:
    """Equal in real arithmetic."""
    assert actual.shape == expected.shape and actual.dtype == expected.dtype
    assert expected.isfinite().all() and expected.abs().max() > 1e-3
    scale = max(1.0, expected.abs().max().item())
    assert (actual - expected).abs().max() <= FLOAT64["rewrite"].rel * scale


def tile_everything(monkeypatch) -> None:
    """Let networks tile in float64 and at any width what they tile in float32 at full width."""
    for module in (plane_conv, volume_conv, generator):
        monkeypatch.setattr(module, "suits_winograd", lambda weight, dtype: True)
    monkeypatch.setattr(plane_conv, "_WIDE", 1)
    monkeypatch.setattr(volume_conv, "_WIDE", range(1, 1000))
