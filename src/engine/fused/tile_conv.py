"""`TileConv`: 3 x 3 convolutions through a `Tiling`, as matrix products."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .cells import cells
from .tiling import Tiling

_ALIGNED = 16  # channels that a processor handles at once; products of other numbers take up to twice as long
_PIECE = 64  # outputs
_SMALL = 3  # products of a tiling along one axis
_STRIP_BYTES = 24 * 2**20  # of what is between input and output, as measured on a processor; a GPU does all at once


class TileConv(nn.Module):
    """A convolution of maps (B, H, W, C), or of volumes (B, D, H, W, C), at constant size; or enlarged, as tiled.

    Rows of tiles are done strip by strip, so that the intermediate sums take little memory, and whatever is to be done
    to the outputs can be done there (`strips`), as they come: in tiles. The taps along the depth are not tiled.

    Args:
        weight: (O, C, 3, 3), or (O, C, 3, 3, 3) for volumes.
        bias: (O,).
        tiling: how both axes of the plane are tiled.
        dtype: of its weights and of what comes in.
    """

    products: Tensor
    bias: Tensor
    _inputs: Tensor
    _outputs: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, tiling: Tiling, dtype: torch.dtype) -> None:
        super().__init__()
        self.is_flat = weight.dim() == 4
        device, volume = weight.device, weight[:, :, None] if self.is_flat else weight
        self.channels, self.depth = len(volume), volume.shape[2]
        self.step, self.reach, self.side = tiling.step, tiling.inputs.shape[1], len(tiling.outputs)
        self._in_all = _product_in_all(tiling.outputs)
        self.register_buffer("products", _products(volume.cpu(), tiling.taps, dtype).to(device))
        self.register_buffer("bias", F.pad(bias, (0, self.products.shape[-1] - self.channels)).to(dtype))
        self.register_buffer("_inputs", _for_plane(tiling.inputs, dtype).to(device))
        self.register_buffer("_outputs", _for_plane(tiling.outputs, dtype).to(device))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (B, [D,] H, W, C) to (B, [D,] H', W', O)."""
        height, width = self._size(x)
        out = x.new_empty(*x.shape[:-3], height, width, self.channels)
        for rows, tiles in self.strips(x):
            cells(out[..., rows, :, :], tiles.shape[-2]).copy_(tiles)
        return out

    def strips(self, x: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """The output in parts: which of its rows, and these in tiles of n x n: (B, [D,] rows / n, n, W' / n, n, O)."""
        volumes = x[:, None] if self.is_flat else x
        height, width = self._size(x)
        padded, (down, right) = self._padded(volumes)
        at_once = self._rows_of_tiles(len(volumes) * volumes.shape[1] * right, down)
        for first in range(0, down, at_once):
            n = min(at_once, down - first)
            tiles = self._tiles(padded[:, :, first * self.step :], n, right)
            rows = slice(first * self.side, min((first + n) * self.side, height))
            if height % self.side or width % self.side:  # the last tiles are wider than the map
                tiles = tiles.flatten(4, 5).flatten(2, 3)[:, :, : rows.stop - rows.start, :width]
                tiles = cells(tiles, 1)
            yield rows, tiles[:, 0] if self.is_flat else tiles

    def _size(self, x: Tensor) -> tuple[int, int]:
        """Height and width of the output."""
        height, width = x.shape[-3:-1]
        return height * self.side // self.step, width * self.side // self.step

    def _padded(self, x: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Depth first, with the zeros around and up to whole tiles; and how many tiles, down and across."""
        tiles = [-(-size // self.step) for size in x.shape[2:4]]
        ends = [1 + n * self.step - size for n, size in zip(tiles, x.shape[2:4], strict=True)]
        beyond = self.depth // 2
        unused = self.products.shape[2] - x.shape[-1]
        padded = F.pad(x, (0, unused, 1, ends[1], 1, ends[0], beyond, beyond))
        return padded.transpose(0, 1), (tiles[0], tiles[1])  # (D + 2 * beyond, B, H, W, C)

    def _rows_of_tiles(self, in_a_row: int, down: int) -> int:
        """How many of all rows of tiles fit into a strip; all strips are about as high."""
        if self.products.device.type != "cpu":
            return down
        products, channels = self.products.shape[1], max(self.products.shape[2:])
        fitting = max(1, _STRIP_BYTES // (products * channels * in_a_row * self.products.element_size()))
        return -(-down // -(-down // fitting))

    def _tiles(self, padded: Tensor, down: int, across: int) -> Tensor:
        """Outputs of some rows of tiles: (B, D, down, side, across, side, O)."""
        depth, batch, channels = len(padded) - self.depth + 1, padded.shape[1], padded.shape[-1]
        spread = _both_ways(self._inputs, self._patches(padded, down, across))
        spread = spread.view(len(spread), len(padded), -1, channels)  # (products, depth, tiles, C)
        summed = torch.bmm(spread[:, :depth].flatten(1, 2), self.products[0])
        for tap in range(1, self.depth):
            summed = summed.baddbmm_(spread[:, tap : tap + depth].flatten(1, 2), self.products[tap])
        summed[self._in_all] += self.bias
        tiles = _both_ways(self._outputs, summed).view(self.side, self.side, depth, batch, down, across, -1)
        return tiles.permute(3, 2, 4, 0, 5, 1, 6)[..., : self.channels]

    def _patches(self, padded: Tensor, down: int, across: int) -> Tensor:
        """What each tile reads: (inputs of a tile, depth, B, down, across, C)."""
        step, n = self.step, self.reach
        patches = [
            padded[:, :, y : y + step * (down - 1) + 1 : step, x : x + step * (across - 1) + 1 : step]
            for y in range(n)
            for x in range(n)
        ]
        return torch.stack(patches)


def _products(weight: Tensor, taps: Tensor, dtype: torch.dtype) -> Tensor:
    """What the spread inputs are multiplied with: (O, C, z, 3, 3) to (z, products, C, O), both filled up with zeros.

    It is made piece by piece, since float64 takes much memory.
    """
    outputs, channels, depth = weight.shape[:3]
    size = [-(-n // _ALIGNED) * _ALIGNED for n in (channels, outputs)]
    products = weight.new_zeros(depth, len(taps) ** 2, *size, dtype=dtype)
    for first in range(0, outputs, _PIECE):
        piece = torch.einsum("iy,oczyx,jx->zijco", taps, weight[first : first + _PIECE].double(), taps).flatten(1, 2)
        products[:, :, :channels, first : first + piece.shape[-1]] = piece
    return products


def _for_plane(matrix: Tensor, dtype: torch.dtype) -> Tensor:
    """What `_both_ways` applies: the matrix itself where it is large, else one for both axes, as measured."""
    small = len(matrix) <= _SMALL or dtype.itemsize < torch.float32.itemsize
    return (torch.kron(matrix, matrix) if small else matrix).to(dtype)


def _both_ways(matrix: Tensor, x: Tensor) -> Tensor:
    """Apply a tiling's matrix to both axes of tiles (n * n, ...): (m * m, the rest)."""
    x = x.flatten(1)
    if matrix.shape[1] == len(x):
        return matrix @ x
    m, n = matrix.shape
    once = matrix @ x.view(n, -1)  # (m, n * rest)
    return (matrix @ once.view(m, n, -1)).flatten(0, 1)


def _product_in_all(outputs: Tensor) -> int:
    """The product that every output of a tile has once, so that the bias can be added there."""
    along = int((outputs == 1).all(dim=0).nonzero()[0])
    return along * outputs.shape[1] + along
