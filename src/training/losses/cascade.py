"""One loss for the whole picture and for parts of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from ...errors import InputError
from ..checks import check_alike
from .regions import WHOLE, region_crops


def cascade(
    loss: Callable[[Tensor, Tensor], Tensor],
    result: Tensor,
    target: Tensor,
    boxes: Mapping[str, Tensor],
    sizes: Mapping[str, int],
    *,
    whole: bool = True,
) -> dict[str, Tensor]:
    """A loss of the whole picture, and of the same boxes cut out of both pictures.

    Source: LivePortrait (arXiv 2407.03168), section 3.2, cascaded losses: perceptual losses of the global region, the
    face and the lips. Weights are the caller's.

    Args:
        loss: of two pictures, such as a `PerceptualLoss`.
        result: (B, 3, H, W).
        target: same shape.
        boxes: name of each part to its boxes (B, 4), see `region_boxes`.
        sizes: name of each part that counts to the side of its crops in pixels.
        whole: whether the whole picture counts.

    Returns:
        The loss of `WHOLE`, if that counts, and of every part in `sizes`.

    Raises:
        InputError: the shapes differ, or boxes are missing.
    """
    check_alike(result, target)
    missing = sorted(set(sizes) - set(boxes))
    if missing:
        raise InputError(f"boxes of {', '.join(missing)} are needed, got those of {', '.join(boxes) or 'nothing'}")
    losses = {WHOLE: loss(result, target)} if whole else {}
    for name, size in sizes.items():
        losses[name] = loss(region_crops(result, boxes[name], size), region_crops(target, boxes[name], size))
    return losses
