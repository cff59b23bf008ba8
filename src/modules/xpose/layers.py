"""Small parts that several stages of X-Pose share."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 256  # channels of every token behind the backbone
HEADS = 8  # of the deformable attention and of the decoder's self-attention
_ROWS = 4096  # tokens at a time where the width grows: keeps the memory small, and the numbers in the cache

Levels = list[tuple[int, int]]  # height and width of each feature map, finest first


class MLP(nn.Module):
    """Linear layers with ReLU between: (..., widths[0]) -> (..., widths[-1])."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(inner, outer) for inner, outer in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the network."""
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


def in_chunks(function: Callable[[Tensor], Tensor], tokens: Tensor) -> Tensor:
    """Apply a function of single tokens to many, (N, C) -> (N, ...), without a large intermediate."""
    return torch.cat([function(part) for part in tokens.split(_ROWS)])


def feed_forward(tokens: Tensor, linear1: nn.Linear, linear2: nn.Linear) -> Tensor:
    """Two linear layers with a ReLU between: (N, C) -> (N, C)."""
    return in_chunks(lambda part: linear2(F.relu(linear1(part), inplace=True)), tokens)


def attend_to_one(attention: nn.MultiheadAttention, token: Tensor) -> Tensor:
    """What any query gets from attention to a single key, (1, C) -> (1, C): the softmax over one key is 1."""
    width = attention.embed_dim
    value = F.linear(token, attention.in_proj_weight[2 * width :], attention.in_proj_bias[2 * width :])
    return attention.out_proj(value)
