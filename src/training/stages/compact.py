"""Stage 1 of the compact model: F, W and G together, from keypoints that are known.

There is no motion network to train: keypoints come from mesh landmarks (`motion.mesh`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from ...modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ...modules.compact.compose import finish, warp_picture
from ...modules.compact.spade_generator import CompactSPADEDecoder
from ...modules.compact.warping_network import CompactWarpingNetwork
from ...weights.catalogue import MODELS
from ..critics.region_critics import CriticSize, RegionCritics
from ..data.batches import Batch
from ..export import export_network
from ..losses.cascade import cascade
from ..losses.flow import total_variation
from ..losses.pixels import pooled_l1, weighted_l1
from ..losses.pyramid import laplacian_l1
from ..losses.regions import Region, region_boxes
from ..losses.ssim import ssim
from ..recipe import Recipe
from ..sheet import sheet
from .compact_maps import importance, mouth
from .initial import initialise
from .official_pictures import adversarial_terms
from .stage import Losses

if TYPE_CHECKING:
    from ..losses.perceptual import PerceptualLoss

_NETWORKS = {
    "appearance_feature_extractor": AppearanceFeatureExtractor,
    "warping_module": CompactWarpingNetwork,
    "spade_generator": CompactSPADEDecoder,
}
_PARTS: tuple[Region, ...] = ("eyes", "lips")
_SIZE = 128  # of the pictures that the networks see


class Drawn(NamedTuple):
    """What the networks make of B pairs.

    Attributes:
        picture: (B, 3, N, N).
        warped: the same before G, (B, 3, N, N).
        flow: of W, (B, 2, S, S).
    """

    picture: Tensor
    warped: Tensor
    flow: Tensor


class CompactStage:
    """F, W and G of the compact model under training.

    Args:
        params: the model definition.
        recipe: weights of the terms, critics.
        perceptual: the perceptual distance, or None.
    """

    def __init__(self, params: Mapping[str, Any], recipe: Recipe, perceptual: PerceptualLoss | None = None) -> None:
        self._recipe, self._perceptual = recipe, perceptual
        self.networks = nn.ModuleDict({name: kind(**params[f"{name}_params"]) for name, kind in _NETWORKS.items()})
        initialise(self.networks)
        _channels_last(self.networks)
        self.critics = nn.ModuleDict()
        if recipe.critics.begin < 1:
            self.critics["regions"] = _critics(recipe.critics.channels, recipe.data.size)

    def draw(self, networks: nn.ModuleDict, batch: Batch) -> Drawn:
        """The driving pictures as the networks see them: B = sources times drivers."""
        source, kp_source = batch["source"], batch["kp_source"]
        drivers = batch["kp_driving"].shape[1]
        small = nn.functional.adaptive_avg_pool2d(source, _SIZE)
        volume = networks["appearance_feature_extractor"](small)
        volume, source, small, kp_source = (
            value.repeat_interleave(drivers, 0) for value in (volume, source, small, kp_source)
        )
        kp_driving = batch["kp_driving"].flatten(0, 1)  # (B, 21, 3)
        feature, flow = networks["warping_module"](volume, kp_driving, kp_source)
        flow = flow.float()
        warped = warp_picture(source, flow)
        warped_small = warped if source.shape[-1] == _SIZE else warp_picture(small, flow)
        residual, paint = networks["spade_generator"](feature, warped_small, kp_driving, kp_source)
        picture = finish(warped, residual.float(), paint.float(), kp_driving, kp_source)
        return Drawn(picture, warped, flow)

    def losses(self, batch: Batch, progress: float) -> Losses:
        """Terms of a batch: see the recipe for what each is for."""
        drawn = self.draw(self.networks, batch)
        target, kp = batch["driving"].flatten(0, 1), batch["kp_driving"].flatten(0, 1)
        weight = importance(kp, target.shape[-1])
        half = (nn.functional.avg_pool2d(picture, 2) for picture in (drawn.picture, target))
        terms = {
            "l1": weighted_l1(drawn.picture, target, weight),
            "l2": (drawn.picture - target).square().mean(),
            "pyramid": laplacian_l1(drawn.picture, target, levels=4),
            "ssim": 1 - ssim(*half),
            "pooled": pooled_l1(drawn.picture, target, 8 * target.shape[-1] // _SIZE),
            "mouth": weighted_l1(drawn.picture, target, mouth(kp, target.shape[-1])),
            "warp": weighted_l1(drawn.warped, target, weight),
            "flow": total_variation(drawn.flow),
        }
        boxes: dict[str, Tensor] = {name: region_boxes(kp, name) for name in _PARTS}
        if self._perceptual is not None:
            sizes: dict[str, int] = dict.fromkeys(boxes, target.shape[-1] // 2)
            found = cascade(self._perceptual.to(target.device), drawn.picture, target, boxes, sizes)
            terms |= {f"perceptual_{name}": term for name, term in found.items()}
        critics: dict[str, Tensor] = {}
        if self.critics and progress >= self._recipe.critics.begin:
            added, critics = adversarial_terms(self.critics["regions"], drawn.picture, target, boxes)
            terms |= added
        weights = self._recipe.losses
        return Losses(
            {name: weights.get(name, 0.0) * term for name, term in terms.items() if weights.get(name)}, critics
        )

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> Tensor:
        """Rows of source, driving picture, warp, result."""
        with torch.no_grad():
            drawn = self.draw(networks, batch)
        drivers = batch["kp_driving"].shape[1]
        source, target = batch["source"].repeat_interleave(drivers, 0), batch["driving"].flatten(0, 1)
        return sheet([source, target, drawn.warped, drawn.picture])

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write F, W and G: `folder` is then a weights folder of the product, but for stage 2's file."""
        files = MODELS["compact"].files
        return [export_network(network, folder / files[name].path) for name, network in networks.items()]


def _critics(channels: Sequence[int], side: int) -> RegionCritics:
    """Critics of eyes and lips; elsewhere the warp is as sharp as the source already."""
    return RegionCritics({name: CriticSize(channels, scales=1, size=side * 3 // 8) for name in _PARTS})


def _channels_last(networks: nn.ModuleDict) -> None:
    """The order of numbers in memory that convolutions on a processor are fastest in."""
    for module in networks.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
