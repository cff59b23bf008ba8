"""Numbers that no stage could work with, refused before any work is done."""

from __future__ import annotations

from math import isfinite

from ..errors import InputError
from .argument_config import ArgumentConfig

_SIZES = ("scale", "scale_crop_driving_video")
_SHIFTS = ("vx_ratio", "vy_ratio", "vx_ratio_crop_driving_video", "vy_ratio_crop_driving_video")


def check_arguments(args: ArgumentConfig) -> None:
    """Check the numbers among the options; those of the motion transfer are `TransferOptions`' own business.

    Raises:
        InputError: naming the option, its value and what is allowed.
    """
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
