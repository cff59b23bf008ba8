"""Values that no stage could work with, refused before any work is done."""

from __future__ import annotations

from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ..errors import InputError
from .argument_config import ArgumentConfig
from .options import Given

_SIZES = ("scale", "scale_crop_driving_video")
_SHIFTS = ("vx_ratio", "vy_ratio", "vx_ratio_crop_driving_video", "vy_ratio_crop_driving_video")
_RANGES = {
    "det_thresh": (0, 1),
    "crf": (0, 51),
    "output_size": (64, 4096),
    "feather": (1, 128),
    "server_port": (1, 65535),
}
_ACCEPTED: dict[Any, tuple[type, ...]] = {float: (float, int), str: (str, PathLike), Path: (str, PathLike)}


def check_arguments(args: ArgumentConfig) -> None:
    """Check types and numbers of the options; numbers of the motion transfer are `TransferOptions`' own business.

    Raises:
        InputError: naming the option, its value and what is allowed.
    """
    for name, hint in get_type_hints(ArgumentConfig).items():
        if name == "source_points":  # its numbers are read, and judged, where the source is
            continue
        if hint is Given:
            _check_given(name, getattr(args, name))
        else:
            _check_type(name, getattr(args, name), hint)
    for name in _SIZES:
        if not 0 < (value := getattr(args, name)) < float("inf"):
            raise InputError(f"--{name} must be a number above 0, got {value}")
    for name in _SHIFTS:
        if not isfinite(value := getattr(args, name)):
            raise InputError(f"--{name} must be a finite number, got {value}")
    for name, (low, high) in _RANGES.items():
        value = getattr(args, name)
        if value is not None and not low <= value <= high:
            raise InputError(f"--{name} must lie between {low} and {high}, got {value}")
    if args.output_size is not None and args.output_size % 2:
        raise InputError(f"--output_size must be even, got {args.output_size}")
    if args.batch_size is not None and args.batch_size < 1:
        raise InputError(f"--batch_size must be at least 1, got {args.batch_size}")
    if args.report is not None and Path(args.report).suffix.lower() != ".json":
        raise InputError(f"--report must name a .json file, got '{args.report}'")


def _check_given(name: str, value: Any) -> None:
    """Raise for what is certainly neither a path nor media; the rest is looked at where it is read."""
    if isinstance(value, bool | int | float):
        raise InputError(f"--{name} must be a path, or a picture or video in memory, got {value!r}")


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
