"""Differences of pictures, pixel by pixel."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from ...errors import InputError
from ..checks import check_alike, check_pictures
from ..precision import in_float32

_TINY = 1e-8  # total weight that counts as none


@in_float32
def weighted_l1(result: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean absolute difference, weighted: ``sum(w |result - target|) / sum(w)``.

    Source: ours; LivePortrait section 3.3 uses it with masks, for which it is the mean inside the mask.

    Args:
        result: (B, C, H, W).
        target: same shape.
        weight: >= 0, any shape that broadcasts to it, (B, 1, H, W) as a rule; None for 1 everywhere.

    Returns:
        Scalar; 0 where all weights are 0.

    Raises:
        InputError: the shapes differ, or the weight does not broadcast.
    """
    check_alike(result, target)
    difference = (result - target).abs()
    if weight is None:
        return difference.mean()
    weight = _broadcast(weight, difference)
    return (weight * difference).sum() / weight.sum().clamp_min(_TINY)


@in_float32
def pooled_l1(result: Tensor, target: Tensor, factor: int = 8) -> Tensor:
    """Mean absolute difference of block means: colours and light, free of where exactly texture lies (ours).

    Args:
        result: (B, C, H, W).
        target: same shape.
        factor: side of the blocks in pixels; what remains at the right and bottom is left out.

    Returns:
        Scalar.

    Raises:
        InputError: the shapes differ, or a picture is smaller than a block.
    """
    check_alike(result, target)
    check_pictures(result, least=factor)
    return F.avg_pool2d(result - target, factor).abs().mean()  # linear, so one pooling does


def _broadcast(weight: Tensor, difference: Tensor) -> Tensor:
    try:
        return weight.to(difference).expand_as(difference)
    except RuntimeError as error:
        raise InputError(
            f"weights {tuple(weight.shape)} do not broadcast to pictures {tuple(difference.shape)}"
        ) from error
