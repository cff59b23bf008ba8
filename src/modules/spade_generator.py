"""Network G: the warped feature map to a picture (spec: networks, section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blocks import SPADEResnetBlock


class SPADEDecoder(nn.Module):
    """G: a feature map (B, c, H, W) to a picture in 0..1.

    c is min(max_features, block_expansion * 2 ** num_down_blocks). With the defaults the picture is (B, 3, 4H, 4W),
    and twice as large with upscale > 1.

    Args:
        upscale: more than 1 doubles the picture with a pixel shuffle (the number itself has no other meaning).
        max_features: upper limit of c.
        block_expansion: see max_features.
        out_channels: width of the last feature map.
        num_down_blocks: see max_features.
        num_middle: residual blocks at the feature's resolution.
        middle_channels: their width; 2c if None.
        up_channels: widths between the up stages, one stage more than widths; (c,) if None. Each doubles the size.
        spade_hidden: width inside each SPADE.
        kernel_size: odd side of all kernels but the shortcuts'.
        slope: negative slope of the activations.
        shuffle_factor: enlargement of the pixel shuffle.
        image_channel: colours of the picture.
        spectral: whether the blocks' convolutions carry spectral norm, as in the official file.

    Raises:
        ValueError: an even kernel.
    """

    def __init__(
        self,
        upscale: int | None = 1,
        max_features: int = 512,
        block_expansion: int = 64,
        out_channels: int = 64,
        num_down_blocks: int = 2,
        num_middle: int = 6,
        middle_channels: int | None = None,
        up_channels: Sequence[int] | None = None,
        spade_hidden: int = 128,
        kernel_size: int = 3,
        slope: float = 0.2,
        shuffle_factor: int = 2,
        image_channel: int = 3,
        spectral: bool = True,
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd to keep the map's size, got {kernel_size}")
        label = min(max_features, block_expansion * 2**num_down_blocks)
        middle = 2 * label if middle_channels is None else middle_channels
        widths = [middle, *((label,) if up_channels is None else up_channels), out_channels]

        def block(fin: int, fout: int) -> SPADEResnetBlock:
            return SPADEResnetBlock(fin, fout, label, spade_hidden, slope, kernel_size, spectral)

        self.slope = slope
        self.num_middle, self.num_up = num_middle, len(widths) - 1
        self.fc = nn.Conv2d(label, middle, kernel_size, padding=kernel_size // 2)
        for i in range(num_middle):
            self.add_module(f"G_middle_{i}", block(middle, middle))
        for i in range(self.num_up):
            self.add_module(f"up_{i}", block(widths[i], widths[i + 1]))
        self.conv_img = _to_image(
            out_channels, image_channel, kernel_size, shuffle_factor if upscale is not None and upscale > 1 else 1
        )

    def forward(self, feature: Tensor) -> Tensor:
        """Draw the picture; the feature map is both the input and the label of every SPADE."""
        x = self.fc(feature)
        for i in range(self.num_middle):
            x = self.get_submodule(f"G_middle_{i}")(x, feature)
        for i in range(self.num_up):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.get_submodule(f"up_{i}")(x, feature)
        return torch.sigmoid(self.conv_img(F.leaky_relu(x, self.slope)))


def _to_image(features: int, colours: int, kernel_size: int, factor: int) -> nn.Module:
    """The last convolution, with a pixel shuffle behind it where the picture is enlarged (its key has a `.0` then)."""
    conv = nn.Conv2d(features, colours * factor**2, kernel_size, padding=kernel_size // 2)
    return nn.Sequential(conv, nn.PixelShuffle(factor)) if factor > 1 else conv
