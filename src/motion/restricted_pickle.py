"""Reads pickles of plain values and numeric numpy arrays; anything else in them is refused before it is touched.

Not even numpy's own constructors run on the file's words: what numpy pickles refer to is rebuilt by the small classes
below, which check shape, type and size.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ..errors import TemplateError

_NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
_MEMO_WRITES = ("PUT", "BINPUT", "LONG_BINPUT")


def load_arrays(data: bytes) -> Any:
    """The value that a pickle holds: containers, strings, numbers and `PickledArray`.

    Args:
        data: a pickle of any protocol.

    Raises:
        TemplateError: if it is damaged, or names a global other than those of numeric arrays (the error names it).
    """
    try:
        _refuse_memo_bombs(data)
        return _ArrayUnpickler(io.BytesIO(data)).load()
    except TemplateError:
        raise
    except Exception as error:  # a hostile or cut file can make the unpickler raise nearly anything
        raise TemplateError(f"the pickle is damaged: {error}") from error


class PickledArray:
    """Stands in for a numpy array or number while its file is read; `array` holds the numbers then."""

    array: np.ndarray

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, is_fortran, raw = state
        self.array = _numbers(raw, dtype, shape, "F" if is_fortran else "C")


class _Dtype:
    """Stands in for a numpy dtype. It is judged when numbers of it appear, so that code in a file is named first."""

    def __init__(self, spec: Any, *_flags: Any) -> None:
        self.spec, self.order = spec, "<"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]

    def resolve(self) -> np.dtype:
        if self.spec not in _NUMBERS or self.order not in ("<", ">", "|", "="):
            raise TemplateError(f"the pickle holds an array of type {self.spec!r}; only plain numbers are read")
        return np.dtype(self.spec).newbyteorder(self.order)


class _Global:
    """What a permitted global is replaced by: callable, and closed to a pickle that tries to change it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setstate__(self, state: Any) -> NoReturn:
        raise TemplateError("the pickle tries to change a function")


def _numbers(raw: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """Numbers from raw bytes, checked."""
    if not (isinstance(raw, bytes | bytearray) and isinstance(dtype, _Dtype) and order in ("C", "F")):
        raise TemplateError("the pickle holds an array that is not stored as plain bytes")
    if not (isinstance(shape, tuple) and len(shape) <= 8 and all(type(n) is int and n >= 0 for n in shape)):
        raise TemplateError(f"the pickle holds an array of shape {shape!r}")
    kind = dtype.resolve()
    if math.prod(shape) * kind.itemsize != len(raw):
        raise TemplateError(f"the pickle holds an array of shape {shape} with {len(raw)} bytes")
    return np.frombuffer(raw, kind).reshape(shape, order=order)


def _empty_array(*_args: Any) -> PickledArray:
    return PickledArray()


def _scalar(dtype: Any, raw: Any) -> PickledArray:
    scalar = PickledArray()
    scalar.array = _numbers(raw, dtype, (), "C")
    return scalar


def _from_buffer(raw: Any, dtype: Any, shape: Any, order: Any) -> PickledArray:
    array = PickledArray()
    array.array = _numbers(raw, dtype, shape, order)
    return array


def _not_callable(*_args: Any) -> NoReturn:
    raise TemplateError("the pickle makes a numpy array in an unknown way")


_PERMITTED: dict[str, Callable[..., Any]] = {
    "numpy.ndarray": _not_callable,  # named as an argument only
    "numpy.dtype": _Dtype,
    **{f"numpy.{core}.multiarray._reconstruct": _empty_array for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray.scalar": _scalar for core in ("core", "_core")},
    **{f"numpy.{core}.numeric._frombuffer": _from_buffer for core in ("core", "_core")},  # protocol 5
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        function = _PERMITTED.get(f"{module}.{name}")
        if function is None:
            raise TemplateError(f"the pickle asks for {module}.{name}, which no motion template needs: not opened")
        return _Global(function)


def _refuse_memo_bombs(data: bytes) -> None:
    """The unpickler reserves memory up to the largest memo index, which a file of ten bytes may set to 2^32."""
    for opcode, argument, _position in pickletools.genops(data):
        if opcode.name in _MEMO_WRITES and not 0 <= int(argument or 0) <= len(data):
            raise TemplateError("the pickle is damaged: memo index out of range")
