"""SPADE with its two heads in one, applied strip by strip (spec: networks, sections 1 and 8)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ...modules.blocks import SPADE
from .cells import cells
from .fold import parameters
from .plane_conv import Strips

INSTANCE_NORM_EPS = 1e-5  # of torch's instance norm


def normalised(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Instance norm of maps (B, H, W, C), in float32 at least; that of an enlarged map is the enlarged result."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    centred = x - x.mean(dim=(1, 2), keepdim=True)
    variance = centred.square().mean(dim=(1, 2), keepdim=True)  # var_mean takes four times as long
    return centred.mul_(torch.rsqrt(variance + INSTANCE_NORM_EPS)).to(dtype)


def heads(spade: SPADE) -> tuple[Tensor, Tensor]:
    """Weight and bias of gamma and beta as one convolution, gamma's "1 +" in its bias."""
    (gamma, gamma_bias), (beta, beta_bias) = parameters(spade.mlp_gamma), parameters(spade.mlp_beta)
    return torch.cat([gamma, beta]), torch.cat([gamma_bias + 1, beta_bias])


def shared(spades: list[SPADE]) -> tuple[Tensor, Tensor]:
    """Weight and bias of the layers that several SPADEs put before their heads, one after the other."""
    weights, biases = zip(*(parameters(spade.mlp_shared[0]) for spade in spades), strict=True)
    return torch.cat(weights), torch.cat(biases)


def modulate(conv: Strips, hidden: Tensor, x: Tensor, slope: float) -> Tensor:
    """Scale, shift and activate a normalised map.

    Args:
        conv: both heads.
        hidden: what they read.
        x: normalised, (B, H, W, C), or smaller by a whole factor and to be enlarged to what the heads give.
        slope: negative slope of the activation.

    Returns:
        (B, H', W', C).
    """
    out: Tensor | None = None
    for rows, tiles in conv.strips(hidden):
        factor = _factor(tiles, x)
        out = x.new_empty(_enlarged_size(x, factor, x.shape[-1])) if out is None else out
        gamma, beta = _by_pixel(tiles, factor).split(x.shape[-1], dim=-1)
        pixels = _pixels(x, rows, gamma, factor)
        _write(torch.addcmul, beta, pixels, gamma, out=_like(gamma, out[:, rows]))
        F.leaky_relu_(out[:, rows], slope)
    assert out is not None
    return out


def shortcut_heads(spade: SPADE, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Both heads of a shortcut's SPADE, with the 1 x 1 convolution (O, C, 1, 1) behind it already in beta.

    Nothing is in between but a sum, so beta's C channels need never be: gamma has C outputs, beta O.
    """
    (gamma, gamma_bias), (beta, beta_bias) = parameters(spade.mlp_gamma), parameters(spade.mlp_beta)
    turn = weight.flatten(1)  # (O, C)
    turned = torch.einsum("oc,cixy->oixy", turn, beta)
    return torch.cat([gamma, turned]), torch.cat([gamma_bias + 1, turn @ beta_bias])


def shortcut(conv: Strips, turn: Tensor, hidden: Tensor, x: Tensor) -> Tensor:
    """Scale a normalised map, convolve it with 1 x 1, and shift it.

    Args:
        conv: the heads of `shortcut_heads`.
        turn: the 1 x 1 convolution, (C, O).
        hidden: what the heads read.
        x: as for `modulate`.

    Returns:
        (B, H', W', O).
    """
    out: Tensor | None = None
    for rows, tiles in conv.strips(hidden):
        factor = _factor(tiles, x)
        out = x.new_empty(_enlarged_size(x, factor, turn.shape[1])) if out is None else out
        gamma, beta = _by_pixel(tiles, factor).split([len(turn), turn.shape[1]], dim=-1)
        scaled = x.new_empty(*out[:, rows].shape[:-1], len(turn))
        _write(torch.mul, gamma, _pixels(x, rows, gamma, factor), out=_like(gamma, scaled))
        _write(torch.add, _like(gamma, scaled @ turn), beta, out=_like(gamma, out[:, rows]))
    assert out is not None
    return out


def _factor(tiles: Tensor, x: Tensor) -> int:
    """How often each pixel of a map (B, H, W, C) stands side by side in tiles (B, down, n, across, n, O)."""
    return tiles.shape[3] * tiles.shape[4] // x.shape[2]


def _enlarged_size(x: Tensor, factor: int, channels: int) -> tuple[int, int, int, int]:
    return len(x), x.shape[1] * factor, x.shape[2] * factor, channels


def _by_pixel(tiles: Tensor, factor: int) -> Tensor:
    """Tiles cut by the pixels that are to be enlarged: (B, down, n, factor, across, n, factor, C)."""
    if tiles.shape[2] < factor:  # no tiles at all
        tiles = cells(tiles.flatten(3, 4).flatten(1, 2), factor)
    return tiles.unflatten(4, (-1, factor)).unflatten(2, (-1, factor))


def _pixels(x: Tensor, rows: slice, parts: Tensor, factor: int) -> Tensor:
    """The pixels of a map that stand for some of the enlarged rows, spread over all parts (see `_by_pixel`)."""
    pixels = cells(x[:, rows.start // factor : rows.stop // factor], parts.shape[2])
    return pixels[:, :, :, None, :, :, None]  # (B, down, n, 1, across, n, 1, C)


def _like(parts: Tensor, x: Tensor) -> Tensor:
    """A map (B, H', W', C) cut as the parts of `_by_pixel`."""
    return _by_pixel(cells(x, parts.shape[2] * parts.shape[3]), parts.shape[3])


def _write(function: Callable[..., Tensor], *operands: Tensor, out: Tensor) -> None:
    """Compute something straight into a view; `torch.compile`, which cannot, makes one of the two steps itself."""
    if torch.compiler.is_compiling():
        out.copy_(function(*operands))
    else:
        function(*operands, out=out)
