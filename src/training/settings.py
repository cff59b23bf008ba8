"""Settings of nested dataclasses out of YAML, checked: a name misspelt or a word for a number is said, not ignored."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ..errors import InputError

_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")  # YAML takes 2e-4 for a word, and 2.0e-4 for a number


def build_settings(kind: Any, value: Any, where: str) -> Any:
    """A value of a type from what YAML gives.

    Args:
        kind: a dataclass, whose fields are settings in turn; a tuple, a mapping of names to numbers, a `Literal`, or a
            plain type.
        value: what the file says.
        where: the file and the names that lead to it, for messages.

    Raises:
        InputError: the value does not fit, or the dataclass refuses it.
    """
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: expected named values, got {value!r}")
        hints = get_type_hints(kind)
        if unknown := set(value) - set(hints):
            raise InputError(f"{where}: no such setting: {', '.join(map(str, unknown))}; known: {', '.join(hints)}")
        settings = {key: build_settings(hints[key], item, f"{where}: {key}") for key, item in value.items()}
        try:
            return kind(**settings)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
    origin, args = get_origin(kind), get_args(kind)
    if origin is tuple:
        if not isinstance(value, list) or (args[-1] is not Ellipsis and len(value) != len(args)):
            raise InputError(f"{where}: expected a list of numbers, got {value!r}")
        return tuple(build_settings(args[0], item, where) for item in value)
    if origin is Literal:
        if value not in args:
            raise InputError(f"{where}: {value!r} is none of {', '.join(map(repr, args))}")
        return value
    if origin is not None:  # Mapping[str, float]
        if not isinstance(value, Mapping):
            raise InputError(f"{where}: expected named numbers, got {value!r}")
        return {str(key): build_settings(args[1], item, f"{where}: {key}") for key, item in value.items()}
    if kind is float and isinstance(value, str) and _EXPONENT.fullmatch(value):
        return float(value)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InputError(f"{where}: expected {kind.__name__}, got {value!r}")
    return value
