"""What losses are given, checked: a wrong shape would broadcast into a wrong number instead of an error."""

from __future__ import annotations

from torch import Tensor

from ..errors import InputError


def check_alike(result: Tensor, target: Tensor, what: str = "result and target") -> None:
    """Both must have the same shape.

    Raises:
        InputError: they have not; the message shows both shapes.
    """
    if result.shape != target.shape:
        raise InputError(f"{what} must have the same shape, got {tuple(result.shape)} and {tuple(target.shape)}")


def check_pictures(pictures: Tensor, what: str = "pictures", least: int = 1) -> None:
    """Pictures or maps must be (B, C, H, W).

    Args:
        pictures: what to check.
        what: its name, for the message.
        least: smallest H and W.

    Raises:
        InputError: another number of axes, or a smaller side.
    """
    if pictures.ndim != 4 or min(pictures.shape[2:]) < least:
        raise InputError(f"{what} must be (B, C, H, W) of at least {least} pixels a side, got {tuple(pictures.shape)}")


def check_points(points: Tensor, dimensions: tuple[int, ...] = (2, 3), what: str = "points") -> None:
    """Points must be (B, N, 2) or (B, N, 3).

    Args:
        points: what to check.
        dimensions: numbers of coordinates that are allowed.
        what: its name, for the message.

    Raises:
        InputError: another number of axes or of coordinates.
    """
    if points.ndim != 3 or points.shape[2] not in dimensions:
        sizes = " or ".join(map(str, dimensions))
        raise InputError(f"{what} must be (B, N, {sizes}), got {tuple(points.shape)}")
