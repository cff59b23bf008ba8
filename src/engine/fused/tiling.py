"""Tilings: 3-tap convolutions along one axis with fewer multiplications than outputs times taps.

A tile of inputs ``d`` becomes a tile of outputs ``A ((G g) * (B d))`` for the taps ``g``: sums of inputs, one product
each, sums of products. Two axes are tiled by the Kronecker products of the matrices. All of them are exact in real
arithmetic; in float32 the sums of WINOGRAD cost about two bits, those of the others none to speak of.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Tiling:
    """One way to convolve with 3 taps, the map padded by one zero at each end.

    Attributes:
        inputs: B, (products, inputs of a tile).
        taps: G, (products, 3).
        outputs: A, (outputs of a tile, products).
        step: inputs from one tile to the next.
    """

    inputs: Tensor
    taps: Tensor
    outputs: Tensor
    step: int


def _matrix(*rows: list[float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


_WINOGRAD_INPUTS = _matrix(
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
)
_WINOGRAD_TAPS = _matrix(
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
)
_WINOGRAD_OUTPUTS = _matrix(
    [1, 1, 1, 1, 1, 0],
    [0, 1, -1, 2, -2, 0],
    [0, 1, 1, 4, 4, 0],
    [0, 1, -1, 8, -8, 1],
)

WINOGRAD = Tiling(_WINOGRAD_INPUTS, _WINOGRAD_TAPS, _WINOGRAD_OUTPUTS, step=4)
"""Any map: 36 products instead of 144 for 4 x 4 outputs (Lavin and Gray 2016, F(4, 3), points 0, 1, -1, 2, -2)."""

# With neighbours l, s, r on the small map, every output is (g0 + g1 + g2) s, plus g0 (l - s) at the left edge of the
# enlarged s, plus g2 (r - s) at its right edge.
_ENLARGED_INPUTS = _matrix([0, 1, 0], [1, -1, 0], [0, -1, 1])
_ENLARGED_TAPS = _matrix([1, 1, 1], [1, 0, 0], [0, 0, 1])

DOUBLED = Tiling(_ENLARGED_INPUTS, _ENLARGED_TAPS, _matrix([1, 1, 0], [1, 0, 1]), step=1)
"""A map that is to be enlarged twice (nearest) first: 9 products instead of 36 for 2 x 2 outputs."""

QUADRUPLED = Tiling(_ENLARGED_INPUTS, _ENLARGED_TAPS, _matrix([1, 1, 0], [1, 0, 0], [1, 0, 1]), step=1)
"""A map that is to be enlarged four times first: 9 products instead of 144 for 4 x 4 outputs.

Of those four in a row the two inner ones are equal, so only 3 x 3 are given: left edge, inside, right edge.
"""

PHASED = Tiling(
    torch.stack([_WINOGRAD_INPUTS[:, column].sum(1) for column in ([0], [1], [2, 3], [4], [5])], dim=1),
    _WINOGRAD_TAPS,
    _WINOGRAD_OUTPUTS,
    step=3,
)
"""A map of such 3 x 3: WINOGRAD on the 4 x 4 that they stand for."""

# With the cells l | first, inside, last | r, every output is (g0 + g1 + g2) inside, plus taps of what the cells differ
# from inside by: g0 (l - inside) + g1 (first - inside) for the first output, g0 (first - inside) for the second, ...
PHASED_DIFFERENCES = Tiling(
    _matrix(
        [0, 0, 1, 0, 0],
        [1, 0, -1, 0, 0],
        [0, 1, -1, 0, 0],
        [0, 1, -1, 0, 0],
        [0, 0, -1, 1, 0],
        [0, 0, -1, 1, 0],
        [0, 0, -1, 0, 1],
    ),
    _matrix([1, 1, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]),
    _matrix([1, 1, 1, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0, 0], [1, 0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 1, 1]),
    step=3,
)
"""The same map, for precisions in which WINOGRAD errs too much: 49 products instead of 144."""
