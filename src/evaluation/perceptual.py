"""Perceptual distance of pictures by a network that the user brings: LPIPS exported to ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import WeightsError
from ..weights.onnx_session import open_session
from .clip import SIDE

_WANTED = f"a network as ONNX that makes one number of two pictures (1, 3, {SIDE}, {SIDE}) in -1..1"


class Perceptual:
    """An ONNX file with two inputs, pictures (1, 3, 256, 256) RGB in -1..1, and one output, their distance.

    Args:
        path: of the file.
        device: "cpu" or "cuda:N".

    Raises:
        WeightsError: the file is missing, cannot be used or gives something else than a number for two pictures.
    """

    def __init__(self, path: Path, device: str = "cpu") -> None:
        if not path.is_file():
            raise WeightsError(f"--lpips names '{path}', which is not there: it takes {_WANTED}")
        self._session = open_session(path, device)
        self._names = [given.name for given in self._session.get_inputs()]
        if len(self._names) != 2:
            inputs = f"{len(self._names)} input" + "s" * (len(self._names) != 1)
            raise WeightsError(f"'{path}' has {inputs}: --lpips takes {_WANTED}")
        grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
        try:
            shapes = [np.asarray(output).shape for output in self._compare(grey, grey)]
        except Exception as error:  # onnxruntime's errors have no base class of their own
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise WeightsError(f"'{path}' cannot compare two pictures: {reason}; --lpips takes {_WANTED}") from error
        if len(shapes) != 1 or np.prod(shapes[0]) != 1:
            raise WeightsError(f"'{path}' gives {', '.join(map(str, shapes))}, no number: --lpips takes {_WANTED}")

    def distance(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
        """Of two pictures (256, 256, 3) uint8."""
        return float(np.asarray(self._compare(a, b)[0]).reshape(-1)[0])

    def _compare(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Sequence[Any]:
        return self._session.run(None, dict(zip(self._names, (_blob(a), _blob(b)), strict=True)))


def _blob(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    return picture.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1
