"""W in the form in which it is exported: rearranged as the fused engine's, of operators that ONNX Runtime does fast."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import InputError
from ...modules.blocks import DownBlock3d, Hourglass, UpBlock3d
from ...modules.dense_motion import DenseMotionNetwork
from ...modules.grid import make_coordinate_grid, sample
from ...modules.warping_network import WarpingNetwork
from ..fused.fold import fold_batch_norm
from ..fused.separable import gaussians, sample_shifted
from ..fused.tiling import DOUBLED, WINOGRAD
from .fourier_products import FourierProducts
from .gathered_conv import GatheredConv

Size = tuple[int, int, int]


class WarpingForm(nn.Module):
    """W: feature volumes and keypoints to feature maps for G, (B, H, W, C), channels last.

    Args:
        network: W with its weights.
        size: D, H, W of the volumes.

    Raises:
        InputError: W is not built like the published one.
    """

    def __init__(self, network: WarpingNetwork, size: Size) -> None:
        super().__init__()
        kernel = network.third.conv.kernel_size
        if kernel != (3, 3):
            words = " x ".join(map(str, kernel))
            raise InputError(
                f"the warp is followed by a {words} kernel; only 3 x 3 can be exported: use --engine eager"
            )
        self.dense_motion = _DenseMotion(network.dense_motion_network, size)
        self.third = GatheredConv(*fold_batch_norm(network.third.conv, network.third.norm), WINOGRAD, size[1:])
        self.slope = network.third.slope
        self.fourth = nn.Linear(network.fourth.in_channels, network.fourth.out_channels)
        self.fourth.load_state_dict({"weight": network.fourth.weight.flatten(1), "bias": network.fourth.bias})
        self.uses_occlusion_map = network.flag_use_occlusion_map

    def forward(self, volume: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor]:
        """Warp volumes (B, C, D, H, W) by keypoints (B, K, 3): see `FusedWarping.forward`."""
        motion = self.dense_motion(volume, kp_driving, kp_source)
        x = sample(volume, motion["deformation"]).flatten(1, 2).permute(0, 2, 3, 1)  # (B, H, W, C * D)
        x = self.fourth(F.leaky_relu(self.third(x), self.slope))
        if self.uses_occlusion_map and "occlusion_map" in motion:
            x = x * motion["occlusion_map"].permute(0, 2, 3, 1)
        return {"out": x, **motion}


class _DenseMotion(nn.Module):
    """See `FusedDenseMotion`."""

    compress: Tensor
    compress_bias: Tensor
    still: Tensor

    def __init__(self, network: DenseMotionNetwork, size: Size) -> None:
        super().__init__()
        compress, bias = fold_batch_norm(network.compress, network.norm)
        self.register_buffer("compress", compress.flatten(1))  # (c, C)
        self.register_buffer("compress_bias", bias[:, None])
        channels, motions = len(bias), network.mask.out_channels
        planes = torch.arange(motions * (1 + channels)).view(motions, 1 + channels)
        order = torch.cat([planes[:, 1:].flatten(), planes[1:, 0]])  # what motions show, heatmaps; but the zeros
        self.hourglass = _Hourglass(network.hourglass, order, size)
        assert network.mask.bias is not None
        self.mask = FourierProducts(network.mask.weight, network.mask.bias, size)
        self.occlusion = None if network.occlusion is None else _Occlusion(network.occlusion, size)
        self.variance, self.size = network.kp_variance, size
        self.register_buffer("still", make_coordinate_grid(size))

    def forward(self, volume: Tensor, kp_driving: Tensor, kp_source: Tensor) -> dict[str, Tensor]:
        compressed = F.relu(torch.matmul(self.compress, volume.flatten(2)) + self.compress_bias)  # (B, c, D * H * W)
        shift = kp_source.double() - kp_driving
        shifts = F.pad(shift, (0, 0, 1, 0))  # one motion stays put
        shown = sample_shifted(compressed.unflatten(2, self.size), shifts)  # (B, K + 1, c, D, H, W)
        heat = gaussians(kp_driving, self.size, self.variance) - gaussians(kp_source, self.size, self.variance)
        x = torch.cat([shown.flatten(1, 2).movedim(1, -1), heat], dim=-1)  # (B, D, H, W, channels)
        x = self.hourglass(x)
        mask = self.mask(x).softmax(dim=-1)  # (B, D, H, W, K + 1)
        moved = torch.matmul(mask.flatten(1, 3), shifts.to(mask.dtype))  # (B, D * H * W, 3)
        result = {"deformation": moved.unflatten(1, self.size) + self.still}
        if self.occlusion is not None:
            result["occlusion_map"] = torch.sigmoid(self.occlusion(x))
        return result


class _Hourglass(nn.Module):
    """(B, D, H, W, in) to (B, D, H, W, out): see `FusedHourglass`."""

    def __init__(self, network: Hourglass, order: Tensor, size: Size) -> None:
        super().__init__()
        encoder, decoder = network.encoder, network.decoder
        depth, *plane = size
        sizes = [(plane[0] >> level, plane[1] >> level) for level in range(len(encoder.down_blocks) + 1)]
        self.down = nn.ModuleList()
        downs = [cast(DownBlock3d, down) for down in encoder.down_blocks]
        ups = [cast(UpBlock3d, up) for up in decoder.up_blocks]
        for i, down in enumerate(downs):
            weight, bias = fold_batch_norm(down.conv, down.norm)
            self.down.append(GatheredConv(weight if i else weight[:, order], bias, WINOGRAD, sizes[i], depth))
        self.up = nn.ModuleList(
            GatheredConv(*fold_batch_norm(up.conv, up.norm), DOUBLED, below, depth)
            for up, below in zip(ups, reversed(sizes[1:]), strict=True)
        )
        weight, bias = fold_batch_norm(decoder.conv, decoder.norm)
        joined = len(weight) - downs[0].conv.in_channels  # what comes from below
        weight = weight[:, torch.cat([torch.arange(joined), order + joined])]
        self.last = GatheredConv(weight, bias, WINOGRAD, sizes[0], depth)

    def forward(self, x: Tensor) -> Tensor:
        maps = [x]
        for down in self.down:
            maps.append(_halved(F.relu(down(maps[-1]))))
        x = maps.pop()
        for up in self.up:
            x = torch.cat([F.relu(up(x)), maps.pop()], dim=-1)
        return F.relu(self.last(x))


class _Occlusion(nn.Module):
    """A convolution over the flattened volume, with one output: a product whose columns are the taps, put into place.

    Args:
        conv: from channel * D + slice to one.
        size: D, H, W.
    """

    weight: Tensor
    bias: Tensor
    _places: Tensor

    def __init__(self, conv: nn.Conv2d, size: Size) -> None:
        super().__init__()
        assert conv.bias is not None
        self.reach, (depth, height, width) = conv.kernel_size[0] // 2, size
        weight = conv.weight[0].unflatten(0, (-1, depth)).permute(1, 0, 2, 3).flatten(2)  # (D, C, taps)
        self.register_buffer("weight", weight.contiguous())
        self.register_buffer("bias", conv.bias)
        taps, row = torch.arange(2 * self.reach + 1), width + 2 * self.reach
        y = torch.arange(height)[:, None, None, None] + taps[:, None]  # (H, 1, k, 1)
        x = torch.arange(width)[:, None, None] + taps  # (W, 1, k)
        self.register_buffer("_places", ((y * row + x) * len(taps) ** 2 + taps[:, None] * len(taps) + taps).flatten())

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:4]
        taps = torch.matmul(x.flatten(2, 3), self.weight).sum(1)  # (B, H * W, taps)
        taps = F.pad(taps.unflatten(1, (height, width)), (0, 0, *[self.reach] * 4))
        taps = taps.flatten(1).index_select(1, self._places)
        return taps.reshape(-1, 1, height, width, self.weight.shape[-1]).sum(-1) + self.bias


def _halved(x: Tensor) -> Tensor:
    """Mean over 1 x 2 x 2 of (B, D, H, W, C)."""
    _, depth, height, width, channels = x.shape
    return x.reshape(-1, depth, height // 2, 2, width // 2, 2, channels).mean(dim=(3, 5))
