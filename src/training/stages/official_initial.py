"""Weights of the official networks before the first step."""

from __future__ import annotations

import torch
from torch import nn

from ...modules.convnextv2 import ConvNeXtV2
from ...motion.mesh_points import mean_keypoints
from .initial import initialise

_M = "motion_extractor"
_SMALL = 0.1  # factor on torch's default for heads whose bias says what is usual


@torch.no_grad()
def initialise_official(networks: nn.ModuleDict) -> None:
    """Kaiming's initialisation of F, W and G, and an M that sees the mean face, of scale 1, in every picture.

    From keypoints of chance the landmarks would have to pull ten of them across the face, and what the others follow
    would be left to chance; from the mean face each begins where the numbering of `motion.mesh_points` has it (ours).

    M's convolutions keep torch's default: its first norm needs their biases. Without them it divides by almost nothing
    where the picture is black, and the gradient is ten thousand times as large.

    Args:
        networks: F, M, W and G by the names of their files.
    """
    initialise(nn.ModuleDict({name: network for name, network in networks.items() if name != _M}))
    detector = networks.get_submodule(f"{_M}.detector")
    assert isinstance(detector, ConvNeXtV2)
    for head in (detector.fc_kp, detector.fc_exp, detector.fc_t, detector.fc_scale):
        head.weight.mul_(_SMALL)
        head.bias.zero_()
    detector.fc_scale.bias.fill_(1)
    detector.fc_kp.bias.copy_(torch.tensor(mean_keypoints()).flatten())
