"""Read files of weights without running anything in them, and load them strictly."""

import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..errors import WeightsError

_NAMES_SHOWN = 8
_OPTIONAL = "num_batches_tracked"  # a counter of batch norm in training; inference does not use it
_allowing = Lock()
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"


def read_state(path: Path, also: Sequence[type] = ()) -> dict[str, Any]:
    """Read a ``.pth`` or ``.safetensors`` file on the CPU.

    A ``.pth`` is a pickle, which may hold code; only tensors and plain containers are accepted, nothing else is run.

    Args:
        path: The file.
        also: Further classes that a ``.pth`` may hold; they must do no harm whatever a file makes of them.

    Returns:
        The content: for most files a flat state dict, for the official stitching file a dict of state dicts.

    Raises:
        WeightsError: The file is missing, truncated, of another kind, or holds more than tensors.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise WeightsError(f"'{path}' cannot be read: {error.strerror or error}") from error
    if not start:
        raise WeightsError(f"'{path}' is empty: fetch it again")
    return _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path, start, also)


def load_strict(module: nn.Module, state: Mapping[str, Any], what: str) -> None:
    """Load a state dict into a module, all of it and nothing else, in the module's own precision.

    Args:
        module: A module, or a tree of them.
        state: Flat state dict; float16 weights become what the module has (float32).
        what: Name for messages: the file, or the network.

    Raises:
        WeightsError: Keys are missing, unexpected or of another shape (listed by name), or weights are not finite.
            The module is unchanged then.
    """
    expected = module.state_dict()
    given = {key: value for key, value in state.items() if key in expected or not key.endswith(_OPTIONAL)}
    missing = [key for key in expected if key not in given and not key.endswith(_OPTIONAL)]
    unexpected = [key for key in given if key not in expected]
    misshaped = [
        f"{key} {_shape(given[key])} instead of {_shape(tensor)}"
        for key, tensor in expected.items()
        if key in given and _shape(given[key]) != _shape(tensor)
    ]
    faults = {"missing": missing, "unexpected": unexpected, "of another shape": misshaped}
    found = [f"{len(names)} {fault}: {_some(names)}" for fault, names in faults.items() if names]
    if found:
        raise WeightsError(f"{what} does not fit {type(module).__name__}: " + "; ".join(found))
    broken = [key for key, value in given.items() if value.is_floating_point() and not value.isfinite().all()]
    if broken:
        raise WeightsError(f"{what} is damaged, not finite numbers in {len(broken)} weights: {_some(broken)}")
    module.load_state_dict(given, strict=False)  # all but the optional counters was checked above


def _read_safetensors(path: Path) -> dict[str, Any]:
    try:
        return load_file(path, device="cpu")
    except (SafetensorError, ValueError, OSError) as error:
        raise WeightsError(f"'{path}' is not a whole safetensors file ({error}): fetch it again") from error


def _read_pickle(path: Path, start: bytes, also: Sequence[type]) -> dict[str, Any]:
    if not start.startswith((_ZIP, _PICKLE)):
        raise WeightsError(f"'{path}' is not a file of weights: it begins with {start[:32]!r}")
    try:
        content = _load_allowing(path, also)
    except pickle.UnpicklingError as error:
        asked = re.search(r"GLOBAL (\S+)", str(error))
        what = f"holds more than tensors ({asked[1]}), which could run code" if asked else "is damaged"
        raise WeightsError(f"'{path}' {what}: refused") from error
    except Exception as error:  # a truncated file fails in many places, with as many kinds of errors
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(f"'{path}' is truncated or damaged ({reason}): fetch it again") from error
    if not isinstance(content, dict):
        raise WeightsError(f"'{path}' holds a {type(content).__name__}, not a dict of weights")
    return content


def _load_allowing(path: Path, also: Sequence[type]) -> Any:
    if not also:
        return torch.load(path, map_location="cpu", weights_only=True)
    with _allowing, torch.serialization.safe_globals(list(also)):  # what is allowed holds for the whole process
        return torch.load(path, map_location="cpu", weights_only=True)


def _shape(value: Any) -> tuple[int, ...] | str:
    return tuple(value.shape) if isinstance(value, Tensor) else f"({type(value).__name__})"


def _some(names: list[str]) -> str:
    rest = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
