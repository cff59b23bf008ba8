"""Values that no stage could work with, refused before any work is done."""

from __future__ import annotations

from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ..errors import InputError
from .argument_config import ArgumentConfig

_SIZES = ("scale", "scale_crop_driving_video")
_SHIFTS = ("vx_ratio", "vy_ratio", "vx_ratio_crop_driving_video", "vy_ratio_crop_driving_video")
_ACCEPTED: dict[Any, tuple[type, ...]] = {float: (float, int), str: (str, PathLike), Path: (str, PathLike)}


def check_arguments(args: ArgumentConfig) -> None:
    """Check types and numbers of the options; numbers of the motion transfer are `TransferOptions`' own business.

    Raises:
        InputError: naming the option, its value and what is allowed.
    """
    for name, hint in get_type_hints(ArgumentConfig).items():
        _check_type(name, getattr(args, name), hint)
    for name in _SIZES:
        if not 0 < (value := getattr(args, name)) < float("inf"):
            raise InputError(f"--{name} must be a number above 0, got {value}")
    for name in _SHIFTS:
        if not isfinite(value := getattr(args, name)):
            raise InputError(f"--{name} must be a finite number, got {value}")
    if not 0 <= args.det_thresh <= 1:
        raise InputError(f"--det_thresh must lie between 0 and 1, got {args.det_thresh}")
    if not 0 <= args.crf <= 51:
        raise InputError(f"--crf must lie between 0 and 51, got {args.crf}")
    if args.batch_size is not None and args.batch_size < 1:
        raise InputError(f"--batch_size must be at least 1, got {args.batch_size}")


def _check_type(name: str, value: Any, hint: Any) -> None:
    """Raise unless a value is what its option's type hint says; an int does for a float, a path for a string."""
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise InputError(f"--{name} must be one of {', '.join(get_args(hint))}, got {value!r}")
        return
    kinds = get_args(hint) or (hint,)
    accepted = {kind for given in kinds for kind in _ACCEPTED.get(given, (given,))}
    if not isinstance(value, tuple(accepted)) or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join(kind.__name__ for kind in kinds).replace("NoneType", "None")
        raise InputError(f"--{name} must be {names}, got {value!r}")
