"""Terms of the compact stages that compare pictures of faces with those that they should be."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from ...engine.compact_sizes import INTERNAL_SIZE
from ...errors import InputError
from ..losses.pixels import pooled_l1, weighted_l1
from ..losses.pyramid import laplacian_l1
from ..losses.ssim import ssim
from ..recipe import Recipe
from .compact_maps import mouth
from .terms import check_size

PICTURE_TERMS = ("l1", "l2", "pyramid", "ssim", "pooled", "mouth")


def check_pictures(recipe: Recipe) -> None:
    """Pictures must not be smaller than those that the networks see, and maps of half their size must fit them.

    Raises:
        InputError: they are, or do not.
    """
    check_size(recipe, INTERNAL_SIZE)
    if recipe.data.size % 2:
        raise InputError(f"maps have half the pictures' size, so data: size must be even, got {recipe.data.size}")


def picture_terms(picture: Tensor, target: Tensor, kp: Tensor, weight: Tensor) -> dict[str, Callable[[], Tensor]]:
    """`PICTURE_TERMS`, each computed when it is called.

    Args:
        picture: (B, 3, N, N).
        target: (B, 3, N, N).
        kp: keypoints of both, (B, 21, 3) in crop coordinates.
        weight: `importance` of their pixels, (B, 1, N, N).
    """
    size = target.shape[-1]
    return {
        "l1": lambda: weighted_l1(picture, target, weight),
        "l2": lambda: (picture - target).square().mean(),
        "pyramid": lambda: laplacian_l1(picture, target, levels=4),
        "ssim": lambda: 1 - ssim(*(F.avg_pool2d(each, 2) for each in (picture, target))),
        "pooled": lambda: pooled_l1(picture, target, 8 * size // INTERNAL_SIZE),
        "mouth": lambda: weighted_l1(picture, target, mouth(kp, size)),
    }
