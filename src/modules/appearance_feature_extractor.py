"""Network F: a picture to its 3-D appearance feature volume (spec: networks, section 2)."""

from __future__ import annotations

from torch import Tensor, nn

from .blocks import DownBlock2d, ResBlock3d, SameBlock2d


class AppearanceFeatureExtractor(nn.Module):
    """F: (B, image_channel, H, W) in 0..1 to (B, reshape_channel, reshape_depth, H/2**n, W/2**n), n = num_down_blocks.

    Args:
        image_channel: colours of the picture.
        block_expansion: width at full resolution; it doubles with every down block.
        num_down_blocks: how often the picture is halved.
        max_features: upper limit of the width, and channels of the last 2-D map.
        reshape_channel: channels of the volume.
        reshape_depth: depth of the volume.
        num_resblocks: 3-D residual blocks on the volume.

    Raises:
        ValueError: max_features is not reshape_channel * reshape_depth.
    """

    def __init__(
        self,
        image_channel: int = 3,
        block_expansion: int = 64,
        num_down_blocks: int = 2,
        max_features: int = 512,
        reshape_channel: int = 32,
        reshape_depth: int = 16,
        num_resblocks: int = 6,
    ) -> None:
        super().__init__()
        if max_features != reshape_channel * reshape_depth:
            raise ValueError(
                f"F folds its channels into a volume, so max_features must be reshape_channel * reshape_depth: "
                f"got {max_features} and {reshape_channel} * {reshape_depth} = {reshape_channel * reshape_depth}"
            )
        self.reshape_channel, self.reshape_depth = reshape_channel, reshape_depth
        widths = [min(max_features, block_expansion * 2**i) for i in range(num_down_blocks + 1)]
        self.first = SameBlock2d(image_channel, block_expansion)
        self.down_blocks = nn.ModuleList(map(DownBlock2d, [block_expansion, *widths[1:]], widths[1:]))
        self.second = nn.Conv2d(widths[-1], max_features, 1)
        self.resblocks_3d = nn.Sequential()
        for i in range(num_resblocks):
            self.resblocks_3d.add_module(f"3dr{i}", ResBlock3d(reshape_channel))

    def forward(self, image: Tensor) -> Tensor:
        """Extract the feature volume."""
        x = self.first(image)
        for down in self.down_blocks:
            x = down(x)
        x = self.second(x)
        x = x.unflatten(1, (self.reshape_channel, self.reshape_depth))  # (B, C, D, H', W'), channel = c * D + d
        return self.resblocks_3d(x)
