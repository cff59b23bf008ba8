"""Norms with fixed statistics folded into the convolution before them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

Conv = nn.Conv2d | nn.Conv3d
Norm = nn.BatchNorm2d | nn.BatchNorm3d


def parameters(conv: nn.Module) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that has both."""
    assert isinstance(conv, nn.Conv2d | nn.Conv3d) and conv.bias is not None
    return conv.weight, conv.bias


def fold_batch_norm(conv: Conv, norm: Norm) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that does what it and the batch norm behind it do: one pass less."""
    weight, bias = parameters(conv)
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return weight * scale.view(-1, *[1] * (weight.dim() - 1)), (bias - norm.running_mean) * scale + norm.bias
