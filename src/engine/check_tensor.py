"""Checks of tensors that callers hand to the official methods."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..errors import InputError


def expect(value: Any, what: str, *shape: int | None) -> Tensor:
    """The value itself, if it is a floating tensor of that shape.

    Args:
        value: anything.
        what: its name, for the message.
        shape: wanted sizes; None = any.

    Raises:
        InputError: it is not; the message shows what arrived.
    """
    wanted = "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"
    if not isinstance(value, torch.Tensor):
        raise InputError(f"{what} must be a tensor of shape {wanted}, got {type(value).__name__}")
    fits = value.dim() == len(shape) and all(
        size in (None, actual) for size, actual in zip(shape, value.shape, strict=True)
    )
    if not fits or not value.is_floating_point():
        arrived = f"{tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
        raise InputError(f"{what} must be a floating tensor of shape {wanted}, got {arrived}")
    return value
