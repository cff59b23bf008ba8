"""Perceptual distance of pictures by a network that the user brings: LPIPS exported to ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import WeightsError
from ..weights.onnx_session import open_session


class Perceptual:
    """An ONNX file with two inputs, pictures (1, 3, N, N) RGB in -1..1, and one output, their distance.

    Args:
        path: of the file.
        device: "cpu" or "cuda:N".

    Raises:
        WeightsError: the file is missing, cannot be used or has other inputs.
    """

    def __init__(self, path: Path, device: str = "cpu") -> None:
        self._session = open_session(path, device)
        self._names = [given.name for given in self._session.get_inputs()]
        if len(self._names) != 2:
            raise WeightsError(f"'{path}' must compare two pictures, but it has {len(self._names)} inputs")

    def distance(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
        """Of two pictures (N, N, 3) uint8."""
        pictures = dict(zip(self._names, (_blob(a), _blob(b)), strict=True))
        return float(np.asarray(self._session.run(None, pictures)[0]).reshape(-1)[0])


def _blob(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return picture.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1
