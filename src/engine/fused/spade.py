"""SPADE with its two heads in one, applied strip by strip (spec: networks, sections 1 and 8)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ...modules.blocks import SPADE
from .fold import parameters
from .plane_conv import Strips

_EPS = 1e-5  # of torch's instance norm


def normalised(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Instance norm of maps (B, H, W, C), in float32 at least; that of an enlarged map is the enlarged result."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    centred = x - x.mean(dim=(1, 2), keepdim=True)
    variance = centred.square().mean(dim=(1, 2), keepdim=True)  # var_mean takes four times as long
    return centred.mul_(torch.rsqrt(variance + _EPS)).to(dtype)


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
    channels, out = x.shape[-1], None
    for rows, strip in conv.strips(hidden):
        factor = strip.shape[2] // x.shape[2]
        if out is None:
            out = x.new_empty(len(x), x.shape[1] * factor, strip.shape[2], channels)
        gamma, beta = (cells(part, factor) for part in strip.split(channels, dim=-1))
        part = torch.addcmul(beta, cells(x[:, rows.start // factor : rows.stop // factor], 1), gamma)
        out[:, rows] = F.leaky_relu_(part, slope).view(len(x), rows.stop - rows.start, -1, channels)
    assert out is not None
    return out


def cells(x: Tensor, factor: int) -> Tensor:
    """Maps (B, H, W, C) cut into cells of factor x factor: (B, H/f, f, W/f, f, C)."""
    return x.unflatten(2, (-1, factor)).unflatten(1, (-1, factor))


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
    channels, out = x.shape[-1], None
    for rows, strip in conv.strips(hidden):
        factor = strip.shape[2] // x.shape[2]
        if out is None:
            out = x.new_empty(len(x), x.shape[1] * factor, strip.shape[2], turn.shape[1])
        gamma, beta = strip.split([channels, turn.shape[1]], dim=-1)
        scaled = cells(gamma, factor) * cells(x[:, rows.start // factor : rows.stop // factor], 1)
        scaled = scaled.view(len(x), rows.stop - rows.start, -1, channels)
        torch.add(scaled @ turn, beta, out=out[:, rows])
    assert out is not None
    return out
