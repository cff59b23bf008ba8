"""Multiply-adds of the networks as they are written, counted while they run; and their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

from ..modules.stitching_retargeting_network import StitchingRetargetingNetwork
from .random_weights import HEADS, NETWORKS

_SHORT = {"appearance_feature_extractor": "F", "motion_extractor": "M", "warping_module": "W", "spade_generator": "G"}
_COUNTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


class Count:
    """Multiply-adds so far."""

    macs = 0


@contextmanager
def counted_macs() -> Iterator[Count]:
    """Count the multiply-adds of all convolutions and linear layers that are called in the block, padding included."""
    count = Count()

    def add(layer: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(layer, _COUNTED) and isinstance(output, Tensor):
            count.macs += output.numel() * layer.weight[0].numel()

    hook = register_module_forward_hook(add)
    try:
        yield count
    finally:
        hook.remove()


def parameter_counts(config: Mapping[str, Any]) -> dict[str, int]:
    """Parameters of F, M, W, G and S+R of the official layout, by the model's definition."""
    with torch.device("meta"):
        networks = {_SHORT[name]: [build(**config[f"{name}_params"])] for name, build in NETWORKS.items()}
        networks["S+R"] = [StitchingRetargetingNetwork(**sizes) for sizes in config[f"{HEADS}_params"].values()]
    return {name: sum(p.numel() for part in parts for p in part.parameters()) for name, parts in networks.items()}
