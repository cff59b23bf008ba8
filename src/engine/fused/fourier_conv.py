"""`FourierConv3d`: a 3-D convolution with large kernels, its plane in the frequency domain."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_TILE = 40  # side of a tile; 64 cells take two of them, and half the memory that one larger tile would take


class FourierConv3d(nn.Module):
    """A convolution (B, C, D, H, W) to (B, O, D, H, W), zeros around (overlap-save over tiles of the plane).

    For the mask's 7 x 7 x 7 kernel that is a fifteenth of the multiplications. Transforms and products are float32 at
    least; float32 errors are those of a plain convolution.

    Args:
        weight: (O, C, k, k, k), k odd.
        bias: (O,).
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        outputs, channels, self.kernel = weight.shape[:3]
        dtype = torch.promote_types(weight.dtype, torch.complex64)
        spectrum = weight.new_empty(_TILE * (_TILE // 2 + 1), channels, self.kernel * outputs, dtype=dtype)
        for tap in range(self.kernel):  # one at a time: float64 takes much memory
            part = torch.fft.rfft2(weight[:, :, tap].cpu().double(), s=(_TILE, _TILE))  # (O, C, T, T / 2 + 1)
            part = part.conj_physical()  # of the view that conj() is, torch 2.11 forgets the sign on the way to a GPU
            spectrum[:, :, tap * outputs : (tap + 1) * outputs] = part.permute(2, 3, 1, 0).flatten(0, 1)
        self.register_buffer("weight", spectrum)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        batch, channels, depth, height, width = x.shape
        reach, step = self.kernel // 2, _TILE - self.kernel + 1
        down, across = -(-height // step), -(-width // step)
        x = F.pad(x, (reach, across * step + reach - width, reach, down * step + reach - height))
        tiles = x.unfold(3, _TILE, step).unfold(4, _TILE, step)  # (B, C, D, down, across, T, T)
        spectrum = torch.fft.rfft2(tiles.permute(0, 2, 3, 4, 1, 5, 6))  # (B, D, down, across, C, T, T / 2 + 1)
        frequencies = spectrum.shape[-2:]
        spectrum = spectrum.reshape(-1, frequencies.numel()).T.contiguous().view(frequencies.numel(), -1, channels)
        product = torch.bmm(spectrum, self.weight).view(-1, batch, depth, down * across, self.kernel, len(self.bias))
        summed = _summed_over_taps(product).view(*frequencies, batch, depth, down, across, -1)
        out = torch.fft.irfft2(summed.permute(2, 6, 3, 4, 5, 0, 1), s=(_TILE, _TILE))[..., :step, :step]
        out = out.transpose(4, 5).reshape(batch, -1, depth, down * step, across * step)[..., :height, :width]
        return out + self.bias.view(-1, 1, 1, 1)


def _summed_over_taps(product: Tensor) -> Tensor:
    """What each tap along the depth gives, (F, B, D, N, k, O), moved into place and summed: (F, B, D, N, O)."""
    depth, taps = product.shape[2], product.shape[4]
    out = torch.zeros_like(product[..., 0, :])
    for tap in range(taps):
        shift = tap - taps // 2
        first, last = max(0, -shift), min(depth, depth - shift)
        if first < last:
            out[:, :, first:last] += product[:, :, first + shift : last + shift, :, tap]
    return out
