"""`Networks`: what an engine needs of the networks of one model, however they are run."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from .engine import SourceFeatures


class Networks(Protocol):
    """F, W and G of one model, as one backend runs them; called without gradients, by one thread at a time.

    Pictures and keypoints come in as float32 on the model's device, and what goes out is float32 there, whatever the
    precision in between.
    """

    def appearance(self, pictures: Tensor) -> Tensor:
        """Run F: pictures (B, 3, h, w) in 0..1 at the networks' size to feature volumes (B, C, D, H, W)."""
        ...

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W and G, as `Engine.warp_decode`."""
        ...

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        """The pictures alone, as `to_bytes` makes them of ``out``: (B, N, N, 3) uint8 on the model's device."""
        ...


class OfficialNetworks(Networks, Protocol):
    """The networks of the official layout: M is one of them."""

    def motion(self, pictures: Tensor) -> dict[str, Tensor]:
        """Run M: pictures (B, 3, 256, 256) in 0..1 to its raw heads (spec: networks, section 3)."""
        ...


def to_bytes(pictures: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) in 0..1 to (B, H, W, 3) uint8, truncated as the original does (spec quirk Q40)."""
    return pictures.clamp(0, 1).mul(255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def at_least_float32(values: Tensor) -> Tensor:
    """What networks give, in the precision in which it goes out; float64 keeps what it is there for."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
