"""The plain networks in float64: what float32 engines are judged by where rounding is amplified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..engine.checkpoints import Checkpoints, Net
from ..engine.compact import CompactEngine
from ..engine.eager.compact import EagerCompact
from ..engine.eager.official import EagerOfficial
from ..engine.engine import Engine, SourceFeatures
from ..engine.heads import Heads
from ..engine.networks import OfficialNetworks
from ..engine.official import OfficialEngine
from ..weights.resolve import ResolvedModel

_FEW_TAPS = 9  # torch's own way for these


def float64_engine(model: ResolvedModel, device: torch.device) -> Engine:
    """The modules of a model as they are, in float64; takes some tens of seconds a picture on a processor.

    What goes in may be float32, on whatever device.

    Args:
        model: files and definition.
        device: where to run; a processor stands in for Apple's GPU, which has no float64.
    """
    device = torch.device("cpu") if device.type == "mps" else device
    checkpoints = _Float64Checkpoints(model.files, model.config, device)
    if model.name == "compact":
        networks = cast(OfficialNetworks, _TakesFloat32(EagerCompact(checkpoints), device))
        return CompactEngine(checkpoints, lambda crop: None, networks)
    return OfficialEngine(model.name, checkpoints, _TakesFloat32(EagerOfficial(checkpoints), device))


class _Float64Checkpoints(Checkpoints):
    """Builds networks in float64."""

    def build(self, network: Callable[..., Net], name: str) -> Net:
        return _in_float64(super().build(network, name))

    def heads(self) -> Heads:
        heads = super().heads()
        for network in (heads.stitching, heads.eye, heads.lip):
            _in_float64(network)
        return heads


class _TakesFloat32:
    """Networks in float64, called with float32 that may be elsewhere."""

    def __init__(self, networks: Any, device: torch.device) -> None:
        self._networks, self._device = networks, device

    def appearance(self, pictures: Tensor) -> Tensor:
        volume: Tensor = self._networks.appearance(self._exact(pictures))
        return volume

    def motion(self, pictures: Tensor) -> dict[str, Tensor]:
        heads: dict[str, Tensor] = self._networks.motion(self._exact(pictures))
        return heads

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        picture = None if features.picture is None else self._exact(features.picture)
        features = replace(features, volume=self._exact(features.volume), picture=picture)
        result: dict[str, Tensor] = self._networks.warp_decode(features, self._exact(x_s), self._exact(x_d))
        return result

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        raise NotImplementedError("float64 is for numbers, not for bytes")

    def _exact(self, values: Tensor) -> Tensor:
        return values.to(self._device).double()  # in this order: it may come from where there is no float64


def _in_float64(network: Net) -> Net:
    """The same network; its volume convolutions without the table of all their taps, which would be 25 GB."""
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.Conv2d | nn.Conv3d) and _suits(layer):
            above, _, own = name.rpartition(".")
            setattr(network.get_submodule(above), own, _ByTaps(layer))
    return network.double()


def _suits(conv: nn.Conv2d | nn.Conv3d) -> bool:
    """Whether a convolution is a plain one with many taps, or one over a volume."""
    plain = conv.groups == 1 and {*conv.stride, *conv.dilation} == {1} and conv.bias is not None
    return plain and (isinstance(conv, nn.Conv3d) or conv.weight[0, 0].numel() > _FEW_TAPS)


class _ByTaps(nn.Module):
    """A convolution as the sum of one product for each tap of its kernel.

    Args:
        conv: with stride 1, in one group.
    """

    def __init__(self, conv: nn.Conv2d | nn.Conv3d) -> None:
        super().__init__()
        assert conv.bias is not None
        self.weight, self.bias = conv.weight, conv.bias
        self._padding = [n for n in reversed(cast(tuple[int, ...], conv.padding)) for _ in range(2)]

    def forward(self, x: Tensor) -> Tensor:
        x, kernel = F.pad(x, self._padding), self.weight.shape[2:]
        size = [n - k + 1 for n, k in zip(x.shape[2:], kernel, strict=True)]
        result = self.bias[:, None].expand(len(x), -1, -1).repeat(1, 1, torch.Size(size).numel())
        for number, tap in enumerate(product(*map(range, kernel))):
            window = [slice(begin, begin + n) for begin, n in zip(tap, size, strict=True)]
            shown = x[(slice(None), slice(None), *window)].flatten(2)  # (B, C, cells)
            result.baddbmm_(self.weight.flatten(2)[:, :, number].expand(len(x), -1, -1), shown)
        return result.unflatten(2, size)
