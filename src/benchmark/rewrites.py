"""What each rewrite of the fused official networks saves: the plain operation beside its replacement, at full size."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..engine.fused.fold import fold_batch_norm, parameters
from ..engine.fused.fourier_conv import FourierConv3d
from ..engine.fused.plane_conv import plane_conv
from ..engine.fused.row_sampling import sample_rows
from ..engine.fused.separable import blend_shifts, gaussians, sample_shifted
from ..engine.fused.spade import heads, modulate, normalised, shortcut, shortcut_heads
from ..engine.fused.tile_conv import TileConv
from ..engine.fused.tiling import DOUBLED, PHASED, PHASED_DIFFERENCES, QUADRUPLED
from ..modules.blocks import SPADE, UpBlock3d
from ..modules.dense_motion import DenseMotionNetwork
from ..modules.grid import keypoints_to_gaussians, make_coordinate_grid, sample
from .timing import Call, Timing, measure_in_turns

_log = logging.getLogger(__name__)
_VOLUME = (16, 64, 64)
_MOTIONS = 21
_FLOAT = torch.float32


@dataclass(frozen=True)
class RewriteFigure:
    """One rewrite, on the processor, float32 unless its name says otherwise.

    Attributes:
        name: what is replaced by what.
        calls: how often W and G do it for a picture.
        plain: seconds of a call as the modules do it.
        fused: seconds of its replacement.
    """

    name: str
    calls: int
    plain: Timing
    fused: Timing

    @property
    def saved(self) -> float:
        """Seconds a picture."""
        return self.calls * (self.plain.median - self.fused.median)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "saved": self.saved}


@torch.no_grad()
def measure_rewrites(*, runs: int, warmup: int = 1) -> Iterator[RewriteFigure]:
    """Measure every rewrite, on the processor, with random weights: speed does not depend on values."""
    for name, (calls, make) in _REWRITES.items():
        _log.info("measuring: %s", name)
        torch.manual_seed(0)
        plain, fused = make()
        timings = measure_in_turns({"plain": plain, "fused": fused}, warmup, runs, lambda: None)
        yield RewriteFigure(name, calls, timings["plain"], timings["fused"])


def _map(channels: int, side: int, dtype: torch.dtype = _FLOAT) -> Tensor:
    return torch.randn(1, channels, side, side, dtype=dtype)


def _last(x: Tensor) -> Tensor:
    return x.movedim(1, -1).contiguous()


def _winograd(channels: int, outputs: int, side: int) -> tuple[Call, Call]:
    conv, x = nn.Conv2d(channels, outputs, 3, padding=1), _map(channels, side)
    return partial(conv, x), partial(plane_conv(*parameters(conv), _FLOAT), _last(x))


def _label(factor: int) -> tuple[Call, Call]:
    conv, label = nn.Conv2d(256, 384, 3, padding=1), _map(256, 64)
    tiled = TileConv(*parameters(conv), DOUBLED if factor == 2 else QUADRUPLED, _FLOAT)
    return lambda: conv(F.interpolate(label, scale_factor=float(factor))), partial(tiled, _last(label))


def _heads_of_a_large_label(dtype: torch.dtype) -> tuple[Call, Call]:
    spade = SPADE(256, 256).to(dtype)
    weight, bias = heads(spade)
    conv = TileConv(weight, bias, PHASED if dtype == _FLOAT else PHASED_DIFFERENCES, dtype)
    hidden, small = _map(128, 256, dtype), _last(_map(128, 192, dtype))
    return lambda: (spade.mlp_gamma(hidden), spade.mlp_beta(hidden)), lambda: list(conv.strips(small))


def _spade() -> tuple[Call, Call]:
    spade, x, label = SPADE(512, 256), _map(512, 64), _map(256, 64)
    conv, hidden, rows = plane_conv(*heads(spade), _FLOAT), _last(_map(128, 64)), _last(x)
    shared = plane_conv(*parameters(spade.mlp_shared[0]), _FLOAT)
    feature = _last(label)

    def fused() -> Tensor:
        shared(feature)
        return modulate(conv, hidden, normalised(rows, _FLOAT), 0.2)

    return lambda: F.leaky_relu(spade(x, label), 0.2), fused


def _shortcut() -> tuple[Call, Call]:
    spade, conv_s, x, label = SPADE(256, 256), nn.Conv2d(256, 64, 1, bias=False), _map(256, 128), _map(256, 64)
    conv = TileConv(*shortcut_heads(spade, conv_s.weight), PHASED, _FLOAT)
    shared = TileConv(*parameters(spade.mlp_shared[0]), QUADRUPLED, _FLOAT)
    turn, rows, feature = conv_s.weight.flatten(1).T.contiguous(), _last(x), _last(label)

    def fused() -> Tensor:
        return shortcut(conv, turn, F.relu_(shared(feature)), normalised(rows, _FLOAT))

    return lambda: conv_s(spade(F.interpolate(x, scale_factor=2.0), label)), fused


def _up_block() -> tuple[Call, Call]:
    block, x = UpBlock3d(512, 128).eval(), torch.randn(1, 512, 16, 8, 8)
    tiled, rows = TileConv(*fold_batch_norm(block.conv, block.norm), DOUBLED, _FLOAT), _last(x)
    return partial(block, x), lambda: F.relu_(tiled(rows))


def _batch_norm() -> tuple[Call, Call]:
    conv, norm, x = nn.Conv3d(64, 128, 3, padding=1), nn.BatchNorm3d(128).eval(), torch.randn(1, 64, 16, 32, 32)
    weight, bias = fold_batch_norm(conv, norm)
    return lambda: F.relu(norm(conv(x))), lambda: F.relu_(F.conv3d(x, weight, bias, padding=1))


def _keypoints() -> Tensor:
    return torch.rand(1, _MOTIONS, 3) - 0.5


def _sparse_motions() -> tuple[Call, Call]:
    volume, driving, source = torch.randn(1, 4, *_VOLUME), _keypoints(), _keypoints()
    grid, network = make_coordinate_grid(_VOLUME), DenseMotionNetwork
    shift = torch.cat([torch.zeros(1, 1, 3), source - driving], dim=1)
    plain = lambda: network.deform(volume, network.sparse_motions(grid, driving, source))  # noqa: E731
    return plain, partial(sample_shifted, volume, shift)


def _gaussians() -> tuple[Call, Call]:
    kp, grid = _keypoints(), make_coordinate_grid(_VOLUME)
    return partial(keypoints_to_gaussians, kp, grid), partial(gaussians, kp, _VOLUME, 0.01)


def _deformation() -> tuple[Call, Call]:
    mask = torch.randn(1, _MOTIONS + 1, *_VOLUME).softmax(1)
    shares, motions = mask[:, 1:].movedim(1, -1), torch.randn(1, _MOTIONS + 1, *_VOLUME, 3)
    return lambda: (mask[..., None] * motions).sum(1), partial(blend_shifts, shares, _keypoints())


def _mask() -> tuple[Call, Call]:
    conv, x = nn.Conv3d(142, 22, 7, padding=3), torch.randn(1, 142, *_VOLUME)
    return partial(conv, x), partial(FourierConv3d(*parameters(conv)), x)


def _sampling() -> tuple[Call, Call]:
    volume, grid = torch.randn(1, 32, *_VOLUME), make_coordinate_grid(_VOLUME)[None]
    grid = grid + 0.02 * torch.randn_like(grid)
    table = volume.flatten(2).transpose(1, 2).contiguous()
    return partial(sample, volume, grid), partial(sample_rows, table, grid, _VOLUME)


_REWRITES: Mapping[str, tuple[int, Callable[[], tuple[Call, Call]]]] = {
    "G: 3x3 convolution tiled, 512 to 512 at 64": (12, partial(_winograd, 512, 512, 64)),
    "G: 3x3 convolution tiled, 512 to 256 at 128": (1, partial(_winograd, 512, 256, 128)),
    "G: SPADE, heads in one, norm and activation in strips, at 64": (12, _spade),
    "G: label enlarged twice, never made": (1, partial(_label, 2)),
    "G: label enlarged four times, never made": (1, partial(_label, 4)),
    "G: heads of up_1, tiled": (1, partial(_heads_of_a_large_label, _FLOAT)),
    "G: heads of up_1 in bfloat16, 49 products a tile, not 144": (1, partial(_heads_of_a_large_label, torch.bfloat16)),
    "G: shortcut of up_1, conv_s in its beta": (1, _shortcut),
    "W: mask's 7x7x7 kernel in the frequency domain": (1, _mask),
    "W: up block, 512 to 128 at 8, never enlarged": (1, _up_block),
    "W: batch norm folded, 64 to 128 at 32": (13, _batch_norm),
    "W: 22 sparse motions along the axes": (1, _sparse_motions),
    "W: Gaussians along the axes": (2, _gaussians),
    "W: deformation from shifts": (1, _deformation),
    "W: volume sampled by rows of a table": (1, _sampling),
}
