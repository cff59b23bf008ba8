"""What the detectors know of a network: a function from one input array to its outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..weights.onnx_session import open_session

Network = Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]


def open_network(path: Path, device: str = "cpu", outputs: Sequence[str] | None = None) -> Network:
    """An ONNX file as a function.

    Args:
        path: the file; its network has one input.
        device: "cpu" or "cuda:N".
        outputs: names of the outputs wanted, in this order; None for all of them.

    Raises:
        WeightsError: the file is missing or cannot be used, or onnxruntime is not installed.
    """
    session = open_session(path, device)
    name = session.get_inputs()[0].name

    def run(blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return list(session.run(outputs, {name: blob}))

    return run


def to_blob(images: NDArray[np.uint8], mean: float, std: float) -> NDArray[np.float32]:
    """Pictures (N, H, W, 3) uint8 as network input `(x - mean) / std`, (N, 3, H, W) float32."""
    blob = images.transpose(0, 3, 1, 2).astype(np.float32, order="C")
    blob -= np.float32(mean)
    blob *= np.float32(1 / std)
    return blob
