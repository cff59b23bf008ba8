"""Weights before the first step."""

from __future__ import annotations

from torch import nn

_SLOPE = 0.2


def initialise(networks: nn.ModuleDict) -> None:
    """Kaiming's initialisation for all convolutions: G's deep chain learns nothing from torch's smaller default."""
    for module in networks.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, a=_SLOPE)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
