"""Reads pickles of plain values and numeric numpy arrays; anything else in them is refused before it is touched.

Neither Python's unpickler nor numpy's constructors run on the file's words: the steps are taken by `run_pickle`, and
what numpy pickles refer to is rebuilt by the small classes below, which check shape, type and size.

What a file holds may be huge, or endless when it is shown: messages name types and bounded numbers, and cut names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ..errors import TemplateError
from .pickle_machine import NAME_SIGNS, run_pickle

_NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
_MAX_SIDE = 2**32  # of an array
_MAX_ARGUMENTS = 8


def load_arrays(data: bytes) -> Any:
    """The value that a pickle holds: containers, strings, numbers and `PickledArray`.

    Args:
        data: a pickle of any protocol.

    Raises:
        TemplateError: if it is damaged, or names a global other than those of numeric arrays (the error names it).
    """
    try:
        return run_pickle(data, _find, _call, _build)
    except TemplateError:
        raise
    except Exception as error:  # a hostile or cut file can make this raise nearly anything
        raise TemplateError(f"the pickle is damaged: {str(error)[:NAME_SIGNS]}") from error


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
            spec = self.spec[:NAME_SIGNS] if isinstance(self.spec, str) else type(self.spec).__name__
            raise TemplateError(f"the pickle holds an array of type {spec!r}; only plain numbers are read")
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
    if not (isinstance(shape, tuple) and len(shape) <= 8 and all(type(n) is int and 0 <= n < _MAX_SIDE for n in shape)):
        raise TemplateError("the pickle holds an array whose shape makes no sense")
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


def _find(module: str, name: str) -> _Global:
    module, name = module[:NAME_SIGNS], name[:NAME_SIGNS]
    function = _PERMITTED.get(f"{module}.{name}")
    if function is None:
        raise TemplateError(f"the pickle asks for {module}.{name}, which no motion template needs: not opened")
    return _Global(function)


def _call(function: Any, arguments: Any) -> Any:
    if not (isinstance(function, _Global) and isinstance(arguments, tuple)):
        raise TemplateError("the pickle calls something that is no function")
    if len(arguments) > _MAX_ARGUMENTS:  # every call copies them, and a file may share them between many calls
        raise TemplateError("the pickle calls a function with too many arguments")
    return function(*arguments)


def _build(target: Any, state: Any) -> None:
    if not isinstance(target, PickledArray | _Dtype | _Global):
        raise TemplateError("the pickle tries to change something that is no array")
    target.__setstate__(state)
