"""X-Pose with weights by the parity rule, loaded from the official layout, each built once; do not change them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from src.modules.xpose.xpose import XPose
from src.weights.load import load_strict
from src.weights.xpose_layout import xpose_state
from tests.parity import check, fill
from tests.parity.xpose_weights import official_xpose_state
from tests.tolerances import FLOAT32


@pytest.fixture(autouse=True)
def _no_grad() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.fixture(scope="package")
def official() -> dict[str, torch.Tensor]:
    return official_xpose_state(1, tie_queries=False)


def _load(official: dict[str, torch.Tensor]) -> XPose:
    with torch.device("meta"):
        network = XPose()
    network.to_empty(device="cpu")
    load_strict(network, xpose_state({"model": official}, network.state_dict().keys()), what="xpose.pth")
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="package")
def network(official) -> XPose:
    return _load(official)


@pytest.fixture(scope="package")
def tied(official) -> XPose:
    """All 900 learned queries are equal: the result does not depend on the order of the proposals."""
    queries = official["transformer.tgt_embed.weight"]
    return _load({**official, "transformer.tgt_embed.weight": queries[:1].expand_as(queries).clone()})


def load(name: str) -> Any:
    return check.load(f"xpose/{name}")


def example(name: str, *shape: int) -> torch.Tensor:
    """An input by the parity rule, of these goldens' salt."""
    return torch.from_numpy(fill.example_input(name, shape, 1))


def golden(npz: Any, name: str) -> torch.Tensor:
    return torch.from_numpy(npz[name])


def assert_close(value: torch.Tensor, expected: np.ndarray, tolerance: str) -> None:
    assert tuple(value.shape) == expected.shape
    np.testing.assert_allclose(value.numpy(), expected, rtol=0, atol=FLOAT32[tolerance].abs)


def assert_sampled(value: torch.Tensor, expected: np.ndarray, step: int, tolerance: str) -> None:
    """The golden array holds every `step`-th number of the tensor."""
    assert_close(value.flatten()[::step], expected, tolerance)
