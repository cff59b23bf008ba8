"""What the compact networks make of a batch: what G is given, and the picture that comes of what it returns."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...engine.compact_sizes import INTERNAL_SIZE, shrunk
from ...modules.compact.compose import finish, warp_picture
from ...modules.compact.ellipses import lip_gap
from ...motion.keypoints import LIP
from ..data.batches import Batch

_MOUTH = [*LIP, 5]  # and the chin
_FARTHEST = 3.0  # times as far


class Drawn(NamedTuple):
    """What the networks make of B pairs.

    Attributes:
        picture: (B, 3, N, N).
        warped: the same before G, (B, 3, N, N).
        flow: of W, (B, 2, S, S).
    """

    picture: Tensor
    warped: Tensor
    flow: Tensor


class Warped(NamedTuple):
    """What F and W make of B pairs.

    Attributes:
        feature: of W, (B, C, H, W).
        flow: of W, (B, 2, S, S).
        warped: the warped source, (B, 3, N, N).
        warped_small: the same as G sees it.
        kp_driving: (B, 21, 3).
        kp_source: (B, 21, 3).
    """

    feature: Tensor
    flow: Tensor
    warped: Tensor
    warped_small: Tensor
    kp_driving: Tensor
    kp_source: Tensor


def warp(networks: nn.ModuleDict, batch: Batch) -> Warped:
    """F and W on a batch: B = sources times drivers."""
    source, kp_source = batch["source"], batch["kp_source"]
    drivers = batch["kp_driving"].shape[1]
    small = shrunk(source)
    volume = networks["appearance_feature_extractor"](small)
    volume, source, small, kp_source = (
        value.repeat_interleave(drivers, 0) for value in (volume, source, small, kp_source)
    )
    kp_driving = batch["kp_driving"].flatten(0, 1)  # (B, 21, 3)
    feature, flow = networks["warping_module"](volume, kp_driving, kp_source)
    flow = flow.float()
    warped = warp_picture(source, flow)
    warped_small = warped if source.shape[-1] == INTERNAL_SIZE else warp_picture(small, flow)
    return Warped(feature, flow, warped, warped_small, kp_driving, kp_source)


def generate(generator: nn.Module, warped: Warped, dropout: float = 0.0) -> Drawn:
    """G on what F and W made, some channels of the feature hidden from it."""
    feature = nn.functional.dropout2d(warped.feature, dropout)
    residual, paint = generator(feature, warped.warped_small, warped.kp_driving, warped.kp_source)
    picture = finish(warped.warped, residual.float(), paint.float(), warped.kp_driving, warped.kp_source)
    return Drawn(picture, warped.warped, warped.flow)


def pairs(batch: Batch) -> tuple[Tensor, Tensor]:
    """Source and driving pictures of all pairs, (B, 3, N, N) each."""
    drivers = batch["kp_driving"].shape[1]
    return batch["source"].repeat_interleave(drivers, 0), batch["driving"].flatten(0, 1)


def with_more_drivers(batch: Batch) -> dict[str, Tensor]:
    """What `warp` needs, with three times as many drivers.

    To those of the batch come each source moved as the one before it, and that with its mouth open farther.
    """
    kp_source = batch["kp_source"][:, None]
    crossed = kp_source + (batch["kp_driving"] - kp_source).roll(1, 0)
    kp_driving = torch.cat([batch["kp_driving"], crossed, _opened(crossed, kp_source)], 1)  # (S, 3 D, 21, 3)
    return {"source": batch["source"], "kp_source": batch["kp_source"], "kp_driving": kp_driving}


def _opened(kp: Tensor, kp_source: Tensor) -> Tensor:
    """Mouths (S, D, 21, 3) that open more than the source's (S, 1, 21, 3), opened up to `_FARTHEST` times as far."""
    farther = torch.rand(kp.shape[:2], device=kp.device) * (_FARTHEST - 1) * (_gap(kp) > _gap(kp_source))
    opened = kp.clone()
    opened[:, :, _MOUTH] += farther[..., None, None] * (kp - kp_source)[:, :, _MOUTH]
    return opened


def _gap(kp: Tensor) -> Tensor:
    """Of the lips, (S, D)."""
    return lip_gap(kp.flatten(0, 1)).view(kp.shape[:2])
