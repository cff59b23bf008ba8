"""Read weights as face-api and TensorFlow.js store them: a manifest in JSON and one binary file, quantised or not."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import WeightsError

_DTYPES: dict[str, np.dtype[Any]] = {"float32": np.dtype("<f4"), "uint8": np.dtype("u1"), "uint16": np.dtype("<u2")}


def read_manifest(manifest: bytes, data: bytes) -> dict[str, NDArray[np.float32]]:
    """Arrays by name, in the shapes that the manifest names.

    A quantised array is ``min + scale * stored``.

    Args:
        manifest: JSON: a list of groups, each with ``weights``: name, shape, dtype and perhaps quantization.
        data: the arrays one after the other.

    Raises:
        WeightsError: the two do not fit together.
    """
    try:
        weights = [given for group in json.loads(manifest) for given in group["weights"]]
        arrays, start = {}, 0
        for given in weights:
            array, start = _array(given, data, start)
            arrays[str(given["name"])] = array
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"this is no manifest of face-api weights: {type(error).__name__}: {error}") from error
    if start != len(data):
        raise WeightsError(
            f"the manifest speaks of {start} bytes, the weights have {len(data)}: they do not belong together"
        )
    return arrays


def to_state_dict(arrays: Mapping[str, NDArray[np.float32]]) -> dict[str, Tensor]:
    """The arrays of `face_recognition_model` under the names and in the layouts of `IdentityNetwork`."""
    state = {}
    for name, array in arrays.items():
        key = name.replace("/conv/filters", "/conv/weight").replace("/scale/", "/")
        key = "fc/weight" if key == "fc" else key
        tensor = torch.from_numpy(array.astype(np.float32))
        if tensor.ndim == 4:
            tensor = tensor.permute(3, 2, 0, 1)  # (height, width, in, out) to (out, in, height, width)
        elif tensor.ndim == 2:
            tensor = tensor.T
        state[key.replace("/", ".")] = tensor.contiguous()
    return state


def _array(given: Mapping[str, Any], data: bytes, start: int) -> tuple[NDArray[np.float32], int]:
    """One array, and where the next one begins."""
    quantization = given.get("quantization")
    dtype: np.dtype[Any] = _DTYPES[str(quantization["dtype"] if quantization else given["dtype"])]
    shape = tuple(int(size) for size in given["shape"])
    count = math.prod(shape)
    end = start + count * dtype.itemsize
    if end > len(data):
        raise ValueError(f"{given['name']} ends at byte {end} of {len(data)}")
    values = np.frombuffer(data, dtype, count, start).astype(np.float32)
    if quantization:
        values = values * np.float32(quantization["scale"]) + np.float32(quantization["min"])
    return values.reshape(shape), end
