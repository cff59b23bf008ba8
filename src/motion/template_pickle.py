"""Motion templates in the official `.pkl` layout, read and written (spec: pipeline, section 6)."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
import torch

from ..errors import TemplateError
from .keypoints import NUM_KP, transform_keypoint
from .motion import Motion
from .restricted_pickle import PickledArray, load_arrays

OFFICIAL_MODEL = "base"
DEFAULT_FPS = 25
MAX_FRAMES = 200_000

# name of ours -> (names in files, newest first), shape of one frame
_PER_FRAME: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "R": (("R", "R_d"), (3, 3)),
    "exp": (("exp",), (NUM_KP, 3)),
    "t": (("t",), (3,)),
    "scale": (("scale",), (1,)),
}
_LISTS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "eye_ratio": (("c_eyes_lst", "c_d_eyes_lst"), (2,)),
    "lip_ratio": (("c_lip_lst", "c_d_lip_lst"), (1,)),
}


def decode(data: bytes) -> tuple[Motion, Fraction, str]:
    """Motion, frame rate and model of an official template, in any of its layouts.

    Canonical keypoints that a file lacks become NaN; eye and lip ratios that it lacks become None.

    Raises:
        TemplateError: if the file is damaged, incomplete, inconsistent, or holds more than numbers.
    """
    content = load_arrays(data)
    frames = content.get("motion") if isinstance(content, dict) else None
    if not isinstance(frames, list) or not all(isinstance(frame, dict) for frame in frames):
        raise TemplateError("the pickle is no motion template: it has no list of motions")
    if not 0 < len(frames) <= MAX_FRAMES:
        raise TemplateError(f"a motion template has 1 to {MAX_FRAMES} frames, this one {len(frames)}")
    n = _number(content.get("n_frames", len(frames)), "n_frames")
    if n != len(frames):
        raise TemplateError(f"the template says n_frames={n:g} but holds {len(frames)}")
    values: dict[str, Any] = {}
    for name, (keys, shape) in _PER_FRAME.items():
        values[name] = _stack([_get(frame, keys) for frame in frames], keys[0], shape)
    if all("kp" in frame for frame in frames):
        values["kp"] = _stack([frame["kp"] for frame in frames], "kp", (NUM_KP, 3))
    else:
        values["kp"] = torch.full((len(frames), NUM_KP, 3), torch.nan)
    for name, (keys, shape) in _LISTS.items():
        values[name] = _ratios(_get(content, keys), keys[0], shape, len(frames))
    return Motion(**values), _fps(content.get("output_fps", DEFAULT_FPS)), _model(content.get("model", OFFICIAL_MODEL))


def _get(content: dict[Any, Any], keys: tuple[str, ...]) -> Any:
    return next((content[key] for key in keys if key in content), None)


def _stack(values: list[Any], name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """One entry a frame, any leading axes of 1, to (n, *shape) float32."""
    arrays = []
    for i, value in enumerate(values):
        array = value.array if isinstance(value, PickledArray) and hasattr(value, "array") else None
        if array is None or array.size != np.prod(shape) or array.shape[-len(shape) :] != shape:
            found = "nothing" if array is None else str(array.shape)
            raise TemplateError(
                f"frame {i} of the template: {name} must be numbers of shape {(1, *shape)}, got {found}"
            )
        arrays.append(array.reshape(shape))
    with np.errstate(over="ignore"):  # too large for float32 becomes infinite, which a template refuses
        return torch.from_numpy(np.stack(arrays).astype(np.float32))


def _ratios(values: Any, name: str, shape: tuple[int, ...], n: int) -> torch.Tensor | None:
    if values is None or values == []:
        return None
    if not isinstance(values, list) or len(values) != n:
        raise TemplateError(f"the template's {name} must be a list of {n}, one a frame")
    return _stack(values, name, shape)


def _number(value: Any, name: str) -> float:
    if isinstance(value, PickledArray) and getattr(value, "array", np.empty(0)).size == 1:
        value = value.array.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TemplateError(f"the template's {name} must be a number")
    try:
        return float(value)
    except OverflowError as error:
        raise TemplateError(f"the template's {name} is too large") from error


def _fps(value: Any) -> Fraction:
    fps = _number(value, "output_fps")
    if not 0 < fps <= 1000:
        raise TemplateError(f"the template's output_fps must lie between 0 and 1000, got {fps:g}")
    return Fraction(fps).limit_denominator(100_000)


def _model(value: Any) -> str:
    if not isinstance(value, str):
        raise TemplateError("the template's model must be a name")
    return value


def encode(motion: Motion, fps: Fraction, model: str) -> bytes:
    """An official template: protocol 4 and numpy's old module names, so that numpy 1 reads it too.

    The frame rate becomes a whole number, as official readers expect. Only a template of another model than the
    official one carries the key `model`.
    """
    per_frame = {"scale": motion.scale, "R": motion.R, "exp": motion.exp, "t": motion.t}
    if not motion.kp.isnan().any():
        per_frame |= {"kp": motion.kp, "x_s": transform_keypoint(motion)}
    lists = {"c_eyes_lst": motion.eye_ratio, "c_lip_lst": motion.lip_ratio}
    content: dict[str, Any] = {
        "n_frames": len(motion),
        "output_fps": max(round(fps), 1),
        "motion": [{name: _frame(value, i) for name, value in per_frame.items()} for i in range(len(motion))],
        **{name: [_frame(value, i) for i in range(len(motion))] for name, value in lists.items() if value is not None},
    }
    if model != OFFICIAL_MODEL:
        content["model"] = model
    return PREAMBLE + _pickled(content) + pickle.STOP


def _frame(value: torch.Tensor, i: int) -> np.ndarray:
    return np.ascontiguousarray(value[i : i + 1].cpu().numpy(), dtype="<f4")  # (1, ...)


def _pickled(value: Any) -> bytes:
    """A value as pickle opcodes, for the few kinds that a template is made of.

    The standard pickler would write numpy 2's module names, which numpy 1 does not know.
    """
    match value:
        case dict():
            return pickle.EMPTY_DICT + pickle.MARK + _each(*chain(*value.items())) + pickle.SETITEMS
        case list():
            return pickle.EMPTY_LIST + pickle.MARK + _each(*value) + pickle.APPENDS
        case tuple():
            return pickle.MARK + _each(*value) + pickle.TUPLE
        case np.ndarray():
            state = (1, value.shape, _FLOAT32, False, value.tobytes())
            return _call(_RECONSTRUCT, _NDARRAY, (0,), b"b") + _pickled(state) + pickle.BUILD
        case str():
            return pickle.BINUNICODE + struct.pack("<I", len(value.encode())) + value.encode()
        case bytes():
            return pickle.BINBYTES + struct.pack("<I", len(value)) + value
        case bool():
            return pickle.NEWTRUE if value else pickle.NEWFALSE
        case int():
            return pickle.BININT + struct.pack("<i", value)
        case None:
            return pickle.NONE
        case _Opcodes():
            return value.code
    raise TypeError(f"a template holds no {type(value).__name__}")


def _each(*values: Any) -> bytes:
    return b"".join(_pickled(value) for value in values)


def _call(function: _Opcodes, *arguments: Any) -> bytes:
    return _pickled(function) + _pickled(arguments) + pickle.REDUCE


@dataclass(frozen=True)
class _Opcodes:
    """A value that is already written as opcodes."""

    code: bytes


def _global(module: str, name: str) -> _Opcodes:
    return _Opcodes(_each(module, name) + pickle.STACK_GLOBAL)


def _memo(index: int) -> _Opcodes:
    return _Opcodes(pickle.BINGET + bytes([index]))


# What every array needs is put into the memo once, at the head of the file. No other pickler begins like this, so the
# head also tells our own files from the user's.
_RECONSTRUCT, _NDARRAY, _FLOAT32 = _memo(0), _memo(1), _memo(2)
_DTYPE_STATE = (3, "<", None, None, None, -1, -1, 0)
PREAMBLE = (pickle.PROTO + b"\x04") + b"".join(
    value + pickle.MEMOIZE + pickle.POP
    for value in (
        _pickled(_global("numpy.core.multiarray", "_reconstruct")),
        _pickled(_global("numpy", "ndarray")),
        _call(_global("numpy", "dtype"), "f4", False, True) + _pickled(_DTYPE_STATE) + pickle.BUILD,
    )
)
