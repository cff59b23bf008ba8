"""Assertions against the golden numbers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.parity import fill, golden
from tests.tolerances import FLOAT32

FOLDER = Path(__file__).parents[1] / "data" / "parity"


def load(name: str) -> Any:
    """The golden file of this name."""
    return np.load(FOLDER / f"{name}.npz")


def example(name: str, *shape: int) -> Tensor:
    """An input by the parity rule."""
    return torch.from_numpy(fill.example_input(name, shape))


def assert_golden(npz: Any, name: str, value: Tensor, tolerance: str) -> None:
    """The tensor agrees with the golden one of this name, in its samples and in its statistics."""
    limit = FLOAT32[tolerance]
    found = golden.compare(npz, name, value.detach().numpy())
    assert found["shape_ok"], f"{name}: {tuple(value.shape)} instead of {tuple(npz[name + '.shape'])}"
    assert found["rel"] <= limit.rel, f"{name}: {found}"
    assert found["stats_rel"] <= limit.stats_rel, f"{name}: {found}"


@contextmanager
def assert_stages(npz: Any, network: nn.Module, tolerance: str, skip: tuple[str, ...] = ()) -> Iterator[None]:
    """What runs inside gives every submodule the golden statistics of its output, where that submodule exists here."""
    stages = json.loads(str(npz["stages"]))
    modules = {name: module for name, module in network.named_modules() if name in stages and not name.startswith(skip)}
    assert modules
    found: dict[str, tuple[list[int], Any]] = {}

    def watch(name: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            found.setdefault(name, (list(output.shape), golden.stats(output.numpy())))

        return hook

    hooks = [module.register_forward_hook(watch(name)) for name, module in modules.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
    assert set(found) == set(modules)
    limit = FLOAT32[tolerance].stats_rel
    for name, (shape, stats) in found.items():
        golden_shape, *expected = stages[name]
        assert shape == golden_shape, name
        unit = np.array([expected[2]] * 3 + [expected[3]])  # the first three are relative to the largest value
        assert (np.abs(stats - expected) <= limit * unit).all(), f"{name}: {stats} instead of {expected}"
