"""The compact networks as they are; their numbers: tests/engine/test_compact.py."""

from contextlib import nullcontext
from typing import Any

import pytest
import torch

from src.engine.checkpoints import Checkpoints
from src.engine.eager import compact
from src.engine.eager.compact import EagerCompact
from src.engine.engine import SourceFeatures

CUDA = torch.device("cuda:1")
POSE = torch.zeros(1, 21, 3)


@pytest.mark.parametrize(
    ("network", "run"),
    [
        ("_appearance", lambda networks, x: networks.appearance(x)),
        ("_warping", lambda networks, x: networks.warp(SourceFeatures(x), POSE, POSE)),
        ("_generator", lambda networks, x: networks.generate(x, x, POSE, POSE)),
    ],
)
def test_float32_has_to_be_exact(network, run, monkeypatch):
    inside: list[Any] = []

    class Exact(nullcontext[None]):
        def __init__(self, device: torch.device) -> None:
            self.device = device

        def __enter__(self) -> None:
            inside.append(self.device)

        def __exit__(self, *_: object) -> None:
            inside.clear()

    def runs(*given: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        assert inside == [CUDA]
        inside.append("ran")
        return given[0], given[0]

    monkeypatch.setattr(compact, "exact_float32", Exact)
    networks = EagerCompact(Checkpoints({}, {}, CUDA))
    vars(networks)[network] = runs  # where cached properties keep their value
    assert run(networks, torch.zeros(1, 3, 4, 4)) is not None
    assert not inside
