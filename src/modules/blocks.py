"""Building blocks of the networks F, W and G (spec: networks, section 1).

Attribute names are the official state_dict prefixes, so they are part of the file format.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SameBlock2d(nn.Module):
    """Convolution, batch norm and activation at constant size: (B, in, H, W) -> (B, out, H, W).

    Args:
        in_features: input channels.
        out_features: output channels.
        kernel_size: odd side of the kernel.
        slope: negative slope of the activation; 0 is a ReLU (W's `third` uses 0.01).
    """

    def __init__(self, in_features: int, out_features: int, kernel_size: int = 3, slope: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_features, out_features, kernel_size, padding=kernel_size // 2)
        self.norm = nn.BatchNorm2d(out_features)
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        return F.leaky_relu(self.norm(self.conv(x)), self.slope)


class DownBlock2d(nn.Module):
    """Convolution, batch norm, ReLU, 2 x 2 average: (B, in, H, W) -> (B, out, H/2, W/2)."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_features, out_features, 3, padding=1)
        self.norm = nn.BatchNorm2d(out_features)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        return F.avg_pool2d(F.relu(self.norm(self.conv(x))), 2)


class DownBlock3d(nn.Module):
    """Convolution, batch norm, ReLU, average over 1 x 2 x 2: (B, in, D, H, W) -> (B, out, D, H/2, W/2)."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_features, out_features, 3, padding=1)
        self.norm = nn.BatchNorm3d(out_features)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        return F.avg_pool3d(F.relu(self.norm(self.conv(x))), (1, 2, 2))


class UpBlock3d(nn.Module):
    """Nearest enlargement, convolution, batch norm, ReLU: (B, in, D, H, W) -> (B, out, D, 2H, 2W)."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_features, out_features, 3, padding=1)
        self.norm = nn.BatchNorm3d(out_features)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        x = F.interpolate(x, scale_factor=(1.0, 2.0, 2.0))
        return F.relu(self.norm(self.conv(x)))


class ResBlock3d(nn.Module):
    """Pre-activation residual block: (B, C, D, H, W) -> the same; nothing follows the sum."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(features, features, 3, padding=1)
        self.conv2 = nn.Conv3d(features, features, 3, padding=1)
        self.norm1 = nn.BatchNorm3d(features)
        self.norm2 = nn.BatchNorm3d(features)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        residual = self.conv1(F.relu(self.norm1(x)))
        residual = self.conv2(F.relu(self.norm2(residual)))
        return x + residual


class Hourglass(nn.Module):
    """U-shaped 3-D network that keeps the depth: (B, in, D, H, W) -> (B, block_expansion + in, D, H, W).

    H and W must be divisible by 2 ** num_blocks.

    Args:
        block_expansion: width at the input's resolution; it doubles with every level.
        in_features: input channels.
        num_blocks: levels.
        max_features: upper limit of the width.

    Attributes:
        out_features: channels of the output.

    Raises:
        ValueError: no level at all.
    """

    def __init__(self, block_expansion: int, in_features: int, num_blocks: int, max_features: int) -> None:
        super().__init__()
        if num_blocks < 1:
            raise ValueError(f"an hourglass needs at least one level, got num_blocks={num_blocks}")
        widths = [min(max_features, block_expansion * 2**i) for i in range(num_blocks + 1)]
        self.encoder = _Encoder(in_features, widths)
        self.decoder = _Decoder(in_features, widths, block_expansion + in_features)
        self.out_features = block_expansion + in_features

    def forward(self, x: Tensor) -> Tensor:
        """Apply the network."""
        return self.decoder(self.encoder(x))


class _Encoder(nn.Module):
    """The way down: the input and the output of every level, finest first."""

    def __init__(self, in_features: int, widths: list[int]) -> None:
        super().__init__()
        inputs = [in_features, *widths[1:-1]]
        self.down_blocks = nn.ModuleList(map(DownBlock3d, inputs, widths[1:]))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [x]
        for down in self.down_blocks:
            maps.append(down(maps[-1]))
        return maps


class _Decoder(nn.Module):
    """The way up: each level is joined by the encoder's map of its size, the last one by the hourglass input."""

    def __init__(self, in_features: int, widths: list[int], out_features: int) -> None:
        super().__init__()
        inputs = [2 * width for width in widths[1:-1]] + [widths[-1]]  # only the deepest level has no skip yet
        self.up_blocks = nn.ModuleList(map(UpBlock3d, reversed(inputs), reversed(widths[:-1])))
        self.conv = nn.Conv3d(out_features, out_features, 3, padding=1)
        self.norm = nn.BatchNorm3d(out_features)

    def forward(self, maps: list[Tensor]) -> Tensor:
        x = maps.pop()
        for up in self.up_blocks:
            x = torch.cat([up(x), maps.pop()], dim=1)
        return F.relu(self.norm(self.conv(x)))


class SPADE(nn.Module):
    """Instance norm whose scale and shift are drawn from a label map: (B, norm_nc, H, W) -> the same.

    Args:
        norm_nc: channels to normalise.
        label_nc: channels of the label map, (B, label_nc, h, w) of any size.
        hidden: width between the label and its scale and shift.
        kernel_size: odd side of the kernels.
    """

    def __init__(self, norm_nc: int, label_nc: int, hidden: int = 128, kernel_size: int = 3) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.mlp_shared = nn.Sequential(nn.Conv2d(label_nc, hidden, kernel_size, padding=padding), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, norm_nc, kernel_size, padding=padding)
        self.mlp_beta = nn.Conv2d(hidden, norm_nc, kernel_size, padding=padding)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Normalise x, then scale and shift it as the label says."""
        shared = self.mlp_shared(F.interpolate(label, size=x.shape[2:], mode="nearest"))
        return F.instance_norm(x) * (1 + self.mlp_gamma(shared)) + self.mlp_beta(shared)


class SPADEResnetBlock(nn.Module):
    """Residual block of two SPADE-normalised convolutions: (B, fin, H, W) -> (B, fout, H, W).

    Args:
        fin: input channels.
        fout: output channels; other than `fin` makes the shortcut a learned one.
        label_nc: channels of the label map.
        hidden: width inside each SPADE.
        slope: negative slope of the activations.
        kernel_size: odd side of all kernels but the shortcut's.
        spectral: whether the convolutions carry spectral norm (keys weight_orig, weight_u, weight_v; section 4.2).
        norm: the normalisation to use, SPADE or a class made like it.
    """

    def __init__(
        self,
        fin: int,
        fout: int,
        label_nc: int,
        hidden: int = 128,
        slope: float = 0.2,
        kernel_size: int = 3,
        spectral: bool = True,
        norm: type[SPADE] = SPADE,
    ) -> None:
        super().__init__()
        middle, padding = min(fin, fout), kernel_size // 2
        self.slope = slope
        self.learned_shortcut = fin != fout
        self.conv_0 = nn.Conv2d(fin, middle, kernel_size, padding=padding)
        self.conv_1 = nn.Conv2d(middle, fout, kernel_size, padding=padding)
        if self.learned_shortcut:
            self.conv_s = nn.Conv2d(fin, fout, 1, bias=False)
        if spectral:
            for conv in list(self.children()):
                nn.utils.spectral_norm(conv)
        self.norm_0 = norm(fin, label_nc, hidden, kernel_size)
        self.norm_1 = norm(middle, label_nc, hidden, kernel_size)
        if self.learned_shortcut:
            self.norm_s = norm(fin, label_nc, hidden, kernel_size)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        """Apply the block; the shortcut has no activation."""
        shortcut = self.conv_s(self.norm_s(x, label)) if self.learned_shortcut else x
        x = self.conv_0(F.leaky_relu(self.norm_0(x, label), self.slope))
        x = self.conv_1(F.leaky_relu(self.norm_1(x, label), self.slope))
        return shortcut + x
