"""Packages that only large jobs need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import InputError


def needed(module: str, what: str) -> Any:
    """A module of an optional package.

    Args:
        module: its name.
        what: what needs it, for the message.

    Raises:
        InputError: it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise
        raise InputError(
            f"{what} needs packages that are not installed ({error.name}): "
            'pip install ".[cpu,scale]", or ".[gpu,scale]"'
        ) from error
