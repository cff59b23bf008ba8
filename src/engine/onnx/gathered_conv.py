"""`GatheredConv`: 3 x 3 convolutions through a `Tiling`, of operators that ONNX Runtime does in parallel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..fused.tiling import Tiling


class GatheredConv(nn.Module):
    """What `TileConv` computes, for maps (B, H, W, C) or volumes (B, D, H, W, C) of one size.

    Tiles are cut out and put back by gathers whose indices are constants, since ONNX Runtime copies rows in parallel
    there, but slices, stacks and transposes in one thread. Everything else is a matrix product. Neighbours along the
    depth lie side by side in a product's rows.

    Args:
        weight: (O, C, 3, 3), or (O, C, 3, 3, 3) for volumes.
        bias: (O,).
        tiling: how both axes of the plane are tiled.
        size: H, W of what comes in.
        depth: D of volumes.
        parts: how the output's channels are divided, for `in_parts`; None = not at all.
    """

    _inputs: Tensor
    _outputs: Tensor
    _patches: Tensor
    _neighbours: Tensor
    _places: Tensor

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        tiling: Tiling,
        size: tuple[int, int],
        depth: int | None = None,
        parts: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        taps = tiling.taps
        volume = (weight[:, :, None] if depth is None else weight).double()
        products = torch.einsum("iy,oczyx,jx->ijzco", taps, volume, taps)
        products = products.flatten(0, 1).flatten(1, 2).float()  # (products, taps * C, O)
        widths = list(parts or [len(weight)])
        self.products = _constants(products.split(widths, dim=-1))
        self.bias = _constants(bias.float().split(widths))
        self.depth, self.reach = depth, volume.shape[2] // 2
        n, side, step = tiling.inputs.shape[1], len(tiling.outputs), tiling.step
        down, across = (-(-length // step) for length in size)
        self.ends = [1 + tiles * step - length for tiles, length in zip((down, across), size, strict=True)]
        self.out_size = (size[0] * side // step, size[1] * side // step)
        self.register_buffer("_inputs", tiling.inputs.float())
        self.register_buffer("_outputs", tiling.outputs.float())
        self.register_buffer("_patches", _patches(n, down, across, step))
        self.register_buffer("_places", _places(depth or 1, self.out_size, side, down, across))
        if depth is not None:
            order = _neighbours(len(products), depth, down * across, volume.shape[2])
            self.register_buffer("_neighbours", order)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        return self.in_parts(x)[0]

    def in_parts(self, x: Tensor) -> list[Tensor]:
        """The output, its channels divided: one after the other costs a pass less than dividing them afterwards."""
        tiles = self._spread(x)
        depth = () if self.depth is None else (self.depth,)
        return [self._part(tiles, *of_part).unflatten(1, (*depth, *self.out_size)) for of_part in self._each_part()]

    def _each_part(self) -> Iterator[tuple[Tensor, Tensor]]:
        return zip(self.products, self.bias, strict=True)

    def _spread(self, x: Tensor) -> Tensor:
        """What is multiplied: (B, products, D * tiles, taps * C)."""
        volumes = x[:, None] if self.depth is None else x
        padded = F.pad(volumes, (0, 0, 1, self.ends[1], 1, self.ends[0], self.reach, self.reach))
        tiles = padded.flatten(0, 1).flatten(1, 2).index_select(1, self._patches)  # (B * D', inputs * tiles, C)
        tiles = _both_ways(self._inputs, tiles)
        if self.depth is not None:
            tiles = tiles.unflatten(0, (-1, padded.shape[1])).flatten(1, 2).index_select(1, self._neighbours)
        count, width, _ = self.products[0].shape
        return tiles.reshape(-1, count, tiles.shape[1] * x.shape[-1] // (count * width), width)

    def _part(self, tiles: Tensor, products: Tensor, bias: Tensor) -> Tensor:
        summed = _both_ways(self._outputs, torch.matmul(tiles, products).flatten(1, 2))
        return summed.index_select(1, self._places) + bias  # (B, D * H' * W', O)


def _both_ways(matrix: Tensor, x: Tensor) -> Tensor:
    """Apply a matrix (m, n) to both axes of tiles: (B, n * n * rest, C) to (B, m * m * rest, C)."""
    m, n = matrix.shape
    channels = x.shape[-1]
    rest = x.shape[1] // n**2 * channels
    once = torch.matmul(matrix, x.reshape(-1, n, n * rest)).reshape(-1, n, rest)
    return torch.matmul(matrix, once).reshape(-1, m * m * rest // channels, channels)


def _patches(n: int, down: int, across: int, step: int) -> Tensor:
    """Where each tile reads the padded map: inputs of a tile first, then tiles; flat."""
    inside, width = torch.arange(n), n + (across - 1) * step
    rows = inside[:, None, None, None] + step * torch.arange(down)[:, None]
    columns = inside[:, None, None] + step * torch.arange(across)
    return (rows * width + columns).flatten()


def _neighbours(products: int, depth: int, tiles: int, taps: int) -> Tensor:
    """Which of the slices' sums each product reads: from (D', products, tiles) to (products, D, tiles, taps), flat."""
    product, tile = torch.arange(products)[:, None, None, None], torch.arange(tiles)[:, None]
    read = torch.arange(depth)[:, None, None] + torch.arange(taps)
    return ((read * products + product) * tiles + tile).flatten()


def _places(depth: int, size: tuple[int, int], side: int, down: int, across: int) -> Tensor:
    """Where each cell of the output lies among the outputs of all tiles: flat."""
    y, x = torch.arange(size[0])[:, None], torch.arange(size[1])
    inside, tile = y % side * side + x % side, y // side * across + x // side
    return ((inside * depth + torch.arange(depth)[:, None, None]) * (down * across) + tile).flatten()


def _constants(values: Sequence[Tensor]) -> nn.ParameterList:
    return nn.ParameterList(nn.Parameter(value.contiguous(), requires_grad=False) for value in values)
