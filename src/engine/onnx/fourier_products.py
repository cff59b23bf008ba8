"""`FourierProducts`: a 3-D convolution with large kernels, in the frequency domain, without complex numbers."""

from __future__ import annotations

from math import pi

import torch
from torch import Tensor, nn

_TILES = 2  # along each axis: more make the transforms larger, fewer the weights


class FourierProducts(nn.Module):
    """A convolution (B, D, H, W, C) to (B, D, H, W, O), zeros around (overlap-save), as matrix products alone.

    Cutting into tiles, padding and transforming is one matrix an axis; so are transforming back and putting together.

    Args:
        weight: (O, C, k, k, k), k odd.
        bias: (O,).
        size: D, H, W.
    """

    weight: Tensor
    bias: Tensor
    _down: Tensor
    _across: Tensor
    _taps: Tensor
    _back_across: Tensor
    _back_down: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, size: tuple[int, int, int]) -> None:
        super().__init__()
        kernel, (depth, *plane) = weight.shape[-1], size
        self.steps = [-(-length // _TILES) for length in plane]
        self.tiles = [step + kernel - 1 for step in self.steps]
        spectrum = torch.fft.rfft2(weight.double().transpose(-1, -2), s=self.tiles[::-1]).conj()  # (O, C, k, X, Y')
        parts = torch.view_as_real(spectrum.permute(4, 3, 2, 1, 0).contiguous())  # (Y', X, k, C, O, 2)
        self.register_buffer("weight", parts.transpose(-1, -2).flatten(-2).float().contiguous())  # (.., C, 2 * O)
        self.register_buffer("bias", bias.float())
        down, across = (
            _transform(length, step, tile, kernel // 2)
            for length, step, tile in zip(plane, self.steps, self.tiles, strict=True)
        )
        half = self.tiles[0] // 2 + 1
        self.register_buffer("_down", torch.view_as_real(down[:, :half]).transpose(2, 3).flatten(0, 2).float())
        turned = torch.stack([across, across * 1j])  # (parts in, tiles, X, W)
        parts_out = torch.view_as_real(turned).permute(2, 1, 4, 0, 3)  # (X, tiles, parts out, parts in, W)
        self.register_buffer("_across", parts_out.flatten(3).flatten(0, 2).float())
        self.register_buffer("_taps", _tap_sums(depth, kernel).float())
        self.register_buffer("_back_across", _back_across(self.tiles[1], self.steps[1]).float())
        self.register_buffer("_back_down", _back_down(self.tiles[0], self.steps[0]).float())

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        _, depth, height, width, channels = x.shape
        rows, columns = self.weight.shape[:2]
        x = torch.matmul(self._down, x.reshape(-1, height, width * channels))  # (B * D, tiles * Y' * 2, W * C)
        x = torch.matmul(self._across, x.reshape(-1, 2 * width, channels))  # (B * D * tiles * Y', X * tiles * 2, C)
        x = x.reshape(-1, depth, _TILES, rows, columns, _TILES * 2, channels).permute(3, 4, 1, 0, 2, 5, 6)
        x = x.reshape(rows, columns, 1, -1, channels)  # rows: (D, B, tiles, tiles, 2)
        x = torch.matmul(x, self.weight).unflatten(3, (depth, -1)).flatten(4).flatten(2, 3)
        x = torch.matmul(self._taps, x)  # (Y', X, D, B * tiles * tiles * 2 * 2 * O)
        outputs = len(self.bias)
        x = x.reshape(rows, columns, depth, -1, _TILES, _TILES, 4, outputs).permute(3, 2, 4, 0, 5, 1, 6, 7)
        x = torch.matmul(self._back_across, x.reshape(-1, 4 * columns, outputs))  # (B * D * ty * Y' * tx, 2 * X, O)
        x = x.reshape(-1, rows, _TILES, 2, self.steps[1], outputs).permute(0, 1, 3, 2, 4, 5)
        x = torch.matmul(self._back_down, x.reshape(-1, 2 * rows, _TILES * self.steps[1] * outputs))
        x = x.reshape(-1, depth, _TILES * self.steps[0], _TILES * self.steps[1], outputs)
        return x[:, :, :height, :width] + self.bias


def _transform(length: int, step: int, tile: int, reach: int) -> Tensor:
    """From an axis of cells to the spectra of its padded tiles: complex (tiles, tile, length)."""
    cells, frequencies = torch.arange(length), torch.arange(tile)
    inside = cells - step * torch.arange(_TILES)[:, None] + reach  # (tiles, length): where a tile has each cell
    angle = -2 * pi / tile * (frequencies[:, None] * inside[:, None]).remainder(tile).double()
    there = ((inside >= 0) & (inside < tile)).double()[:, None]
    return torch.polar(there.expand_as(angle).contiguous(), angle)


def _tap_sums(depth: int, kernel: int) -> Tensor:
    """What each slice sums of what every tap gives for every slice: (D, k * D)."""
    slices = torch.arange(depth)
    read = slices[:, None] + torch.arange(kernel) - kernel // 2  # (D, k)
    return (read[..., None] == slices).flatten(1)


def _waves(tile: int, step: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines of each frequency at each output of a tile, over the tile: (step, tile)."""
    angle = 2 * pi / tile * (torch.arange(step)[:, None] * torch.arange(tile)).remainder(tile).double()
    return angle.cos() / tile, angle.sin() / tile


def _back_across(tile: int, step: int) -> Tensor:
    """From products of parts (X, part of x, part of weight) to real and imaginary outputs: (2 * step, 4 * X)."""
    cos, sin = _waves(tile, step)
    real = torch.stack([cos, -sin, -sin, -cos], dim=-1)  # of rr, ri, ir, ii
    imaginary = torch.stack([sin, cos, cos, -sin], dim=-1)
    return torch.cat([real.flatten(1), imaginary.flatten(1)])


def _back_down(tile: int, step: int) -> Tensor:
    """From half a spectrum (Y', parts) of real numbers to these: (step, 2 * Y')."""
    cos, sin = _waves(tile, step)
    half = tile // 2 + 1
    twice = torch.tensor([1.0 if f == 0 or 2 * f == tile else 2.0 for f in range(half)], dtype=torch.float64)
    return torch.stack([cos[:, :half] * twice, -sin[:, :half] * twice], dim=-1).flatten(1)
