"""What the compact networks make of a batch: what G is given, and the picture that comes of what it returns."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from ...engine.compact_sizes import INTERNAL_SIZE, shrunk
from ...modules.compact.compose import finish, warp_picture
from ..data.batches import Batch


class Drawn(NamedTuple):
    """What the networks make of B pairs.

    Attributes:
        picture: (B, 3, N, N).
        warped: the warped source, (B, 3, N, N).
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
        picture: the warped source, (B, 3, N, N).
        small: the same as G sees it, (B, 3, n, n), n being `INTERNAL_SIZE`.
        kp_driving: (B, 21, 3).
        kp_source: (B, 21, 3).
    """

    feature: Tensor
    flow: Tensor
    picture: Tensor
    small: Tensor
    kp_driving: Tensor
    kp_source: Tensor


def warp(networks: nn.ModuleDict, batch: Batch) -> Warped:
    """F and W on a batch: B = sources times drivers.

    Args:
        networks: F and W by the names of their files.
        batch: `source` (S, 3, N, N) RGB in 0..1, `kp_source` (S, 21, 3) and `kp_driving` (S, D, 21, 3) in crop
            coordinates; the rest is not used.
    """
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
    picture = warp_picture(source, flow)
    picture_small = picture if source.shape[-1] == INTERNAL_SIZE else warp_picture(small, flow)
    return Warped(feature, flow, picture, picture_small, kp_driving, kp_source)


def generate(generator: nn.Module, warped: Warped, dropout: float = 0.0) -> Drawn:
    """G on what F and W made.

    Args:
        generator: G.
        warped: of `warp`.
        dropout: share of the feature's channels that are hidden from G, 0 to below 1.
    """
    feature = nn.functional.dropout2d(warped.feature, dropout)
    residual, paint = generator(feature, warped.small, warped.kp_driving, warped.kp_source)
    picture = finish(warped.picture, residual.float(), paint.float(), warped.kp_driving, warped.kp_source)
    return Drawn(picture, warped.picture, warped.flow)


def pairs(batch: Batch) -> tuple[Tensor, Tensor]:
    """Source and driving pictures of all pairs, (B, 3, N, N) each."""
    drivers = batch["kp_driving"].shape[1]
    return batch["source"].repeat_interleave(drivers, 0), batch["driving"].flatten(0, 1)
