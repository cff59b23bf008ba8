"""Distance of pictures in the features of a frozen network, over a pyramid of scales."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import InputError
from ..checks import check_alike
from ..perceptual.backbone import Backbone
from ..precision import in_float32


class PerceptualLoss(nn.Module):
    """Sum over scales and layers of the weighted mean absolute difference of features.

    Source: Johnson et al. (arXiv 1603.08155) section 3.2 for the idea; Siarohin et al. (FOMM, arXiv 2003.00196) section
    3.3 for the pyramid, with equal layer weights, which face vid2vid (arXiv 2011.15126, appendix, perceptual loss)
    takes over. The weights of pix2pixHD (arXiv 1711.11585) are 1/32, 1/16, 1/8, 1/4, 1.

    Args:
        backbone: the network.
        layer_weights: one for each of its features, finest first; None for 1 each.
        scales: of the pictures: 3 is 1, 1/2 and 1/4.

    Raises:
        InputError: no scale, or a negative weight.
    """

    def __init__(self, backbone: Backbone, layer_weights: Sequence[float] | None = None, scales: int = 3) -> None:
        super().__init__()
        if scales < 1:
            raise InputError(f"a perceptual loss needs at least one scale, got {scales}")
        if layer_weights is not None and min(layer_weights, default=-1) < 0:
            raise InputError(f"layer weights must be 0 or more, got {tuple(layer_weights)}")
        self.backbone = backbone
        self.layer_weights = None if layer_weights is None else tuple(layer_weights)
        self.scales = scales

    @in_float32
    def forward(self, result: Tensor, target: Tensor) -> Tensor:
        """The distance of pictures.

        Args:
            result: (B, 3, H, W) in 0..1, H and W divisible by ``2 ** (scales - 1)`` or cut to it.
            target: same shape; no gradient flows there.

        Returns:
            Scalar, 0 for equal pictures.

        Raises:
            InputError: the shapes differ, or the network has not as many features as there are weights.
        """
        check_alike(result, target)
        target = target.detach()
        total = result.new_zeros(())
        for scale in range(self.scales):
            if scale:
                result, target = F.avg_pool2d(result, 2), F.avg_pool2d(target, 2)
            total = total + self._at_one_scale(result, target)
        return total

    def _at_one_scale(self, result: Tensor, target: Tensor) -> Tensor:
        ours = self.backbone(result)
        with torch.no_grad():
            theirs = self.backbone(target)
        weights = self.layer_weights or (1.0,) * len(ours)
        if len(weights) != len(ours):
            raise InputError(f"{len(weights)} layer weights were given for a network of {len(ours)} features")
        terms = [weight * (a - b).abs().mean() for weight, a, b in zip(weights, ours, theirs, strict=True) if weight]
        return torch.stack(terms).sum() if terms else result.new_zeros(())
