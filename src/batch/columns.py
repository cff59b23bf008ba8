"""Columns of a manifest that are options of a run: their names, and their values as text."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from functools import cache
from types import NoneType
from typing import Any, get_args, get_type_hints

from ..config.argument_config import ArgumentConfig
from ..config.call_options import call_options
from ..config.options import AppOptions
from ..errors import InputError

PLACES = ("source", "driving", "output")
_NONE = {"output_dir", "save_motion_template", "auto_template", "report", "animals", "animal_face_type"}
_NONE |= {"paste_unstitched", *(field.name for field in fields(AppOptions))}
_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def option_of(column: str) -> str:
    """The official name of the option, or of the place, that a column holds.

    Raises:
        InputError: there is no such option, or it cannot differ from row to row.
    """
    names = {field.name for field in fields(ArgumentConfig)}
    try:
        changed = call_options(ArgumentConfig(), {column: _SWITCH})  # any value that no option has
    except TypeError as error:
        if column in names - _NONE:
            raise InputError(f"the column '{column}' cannot differ from row to row: give --{column}") from error
        near = difflib.get_close_matches(column, [*PLACES, *names], 1)
        hint = f"did you mean '{near[0]}'?" if near else "columns are source, driving, output and options of --help"
        raise InputError(f"the column '{column}' is no option of a row: {hint}") from error
    name = next(name for name, value in vars(changed).items() if value is _SWITCH)
    if name == "motion_template":
        raise InputError(f"the column '{column}' is no option of a row: name the template in the column 'driving'")
    if name in _NONE:
        raise InputError(f"the column '{column}' is no option of a row")
    return name


def with_options(args: ArgumentConfig, options: Mapping[str, Any]) -> ArgumentConfig:
    """The arguments with the options of a row. Values that mean nothing stay as they are, to be refused by the run."""
    return replace(args, **{name: _typed(name, value) for name, value in options.items()})


@cache
def _kinds() -> dict[str, tuple[Any, ...]]:
    return {name: get_args(hint) or (hint,) for name, hint in get_type_hints(ArgumentConfig).items()}


def _typed(name: str, value: Any) -> Any:
    """A value as its option wants it: tables hold text, whole numbers with a fraction, and numbers for names."""
    kinds = _kinds()[name]
    if isinstance(value, str):
        return _parsed(value.strip(), kinds)
    if isinstance(value, float) and int in kinds and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if str in kinds:
            return str(value)
        if float in kinds and int not in kinds:  # as text would be read: both mean one thing
            return float(value)
    return value


def _parsed(text: str, kinds: tuple[Any, ...]) -> Any:
    if bool in kinds:
        return _SWITCH.get(text.lower(), text)
    if NoneType in kinds and text.lower() == "none":
        return None
    with suppress(ValueError):
        if int in kinds:
            return int(text)
    with suppress(ValueError):
        number = float(text)
        if float in kinds:
            return number
        if int in kinds and number.is_integer():  # pandas writes whole numbers so where a cell is empty
            return int(number)
    return text
