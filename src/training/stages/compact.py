"""Stage 1 of the compact model: F, W and G together, from keypoints that are known.

There is no motion network to train: keypoints come from mesh landmarks (`motion.mesh`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from ...modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ...modules.compact.spade_generator import CompactSPADEDecoder
from ...modules.compact.warping_network import CompactWarpingNetwork
from ...weights.catalogue import MODELS
from ...weights.layout import without_texture
from ..critics.adversarial import adversarial_terms
from ..critics.region_critics import CriticSize, RegionCritics
from ..data.batches import Batch
from ..export import export_network
from ..losses.cascade import cascade
from ..losses.flow import total_variation
from ..losses.perceptual import PerceptualLoss
from ..losses.pixels import weighted_l1
from ..losses.regions import WHOLE, Region, region_boxes
from ..recipe import Recipe
from ..sheet import sheet
from .compact_draw import Drawn, generate, pairs, warp
from .compact_maps import importance
from .compact_terms import PICTURE_TERMS, check_pictures, picture_terms
from .helper import Helper
from .initial import initialise
from .stage import Losses
from .terms import ADVERSARIAL, Terms

NETWORKS = {
    "appearance_feature_extractor": AppearanceFeatureExtractor,
    "warping_module": CompactWarpingNetwork,
    "spade_generator": CompactSPADEDecoder,
}
_PARTS: tuple[Region, ...] = ("eyes", "lips")
TERMS = (
    *PICTURE_TERMS,
    "warp",
    "flow",
    *(f"perceptual_{region}" for region in (WHOLE, *_PARTS)),
    *(f"{kind}_{region}" for kind in ADVERSARIAL for region in _PARTS),
)


class CompactStage:
    """F, W and G of the compact model under training.

    Args:
        params: the model definition.
        recipe: weights of the terms, critics.
        perceptual: the perceptual distance, or None to do without.

    Raises:
        InputError: the recipe weights terms wrongly, see `Terms`; its pictures are too small or of an odd side, or too
            small for the critics; or critics or the perceptual distance would have no effect.
    """

    def __init__(self, params: Mapping[str, Any], recipe: Recipe, perceptual: PerceptualLoss | None = None) -> None:
        check_pictures(recipe)
        size, begin = recipe.data.size, recipe.critics.begin
        self._terms, self._begin, self._dropout = Terms(recipe, TERMS), begin, recipe.dropout
        self._terms.check_help("backbone", perceptual is not None, "perceptual")
        self._terms.check_help("critics", begin > 0, *ADVERSARIAL)
        self._perceptual = None if perceptual is None else Helper(perceptual)
        plain = {name: without_texture(part) for name, part in params.items()}  # stage 3 adds the mouth's texture
        self.networks = compact_networks(plain)
        initialise(self.networks)
        channels_last(self.networks)
        self.critics = nn.ModuleDict()
        if begin:
            self.critics["regions"] = _critics(self._terms.regions(_PARTS, *ADVERSARIAL), recipe.critics.channels, size)

    def draw(self, networks: nn.ModuleDict, batch: Batch, dropout: float = 0.0) -> Drawn:
        """The driving pictures as the networks see them: B = sources times drivers."""
        return generate(networks["spade_generator"], warp(networks, batch), dropout)

    def losses(self, batch: Batch, step: int) -> Losses:
        """Terms of a batch: see the recipe for what each is for."""
        drawn = self.draw(self.networks, batch, self._dropout)
        target, kp = batch["driving"].flatten(0, 1), batch["kp_driving"].flatten(0, 1)
        terms = self._terms.compute(_pixel_terms(drawn, target, kp))
        boxes: dict[str, Tensor] = {name: region_boxes(kp, name) for name in _PARTS}
        if self._perceptual is not None:
            side = target.shape[-1] // 2
            sizes = dict.fromkeys(self._terms.regions(_PARTS, "perceptual"), side)
            whole = bool(self._terms.wanted([f"perceptual_{WHOLE}"]))
            found = cascade(self._perceptual.on(target.device), drawn.picture, target, boxes, sizes, whole=whole)
            terms |= {f"perceptual_{name}": term for name, term in found.items()}
        critics: dict[str, Tensor] = {}
        if self.critics and step >= self._begin:
            judges = cast(RegionCritics, self.critics["regions"])
            added, critics = adversarial_terms(judges, drawn.picture, target, boxes)
            terms |= added
        return Losses(self._terms.weighted(terms), critics)

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> Tensor:
        """Rows of source, driving picture, warp, result."""
        with torch.no_grad():
            drawn = self.draw(networks, batch)
        return sheet([*pairs(batch), drawn.warped, drawn.picture])

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write F, W and G: `folder` is then a weights folder of the product, but for what stages 2 and 3 add."""
        return export_compact(networks, folder)


def compact_networks(params: Mapping[str, Any]) -> nn.ModuleDict:
    """F, W and G of a model definition, by the names of their files."""
    return nn.ModuleDict({name: kind(**params[f"{name}_params"]) for name, kind in NETWORKS.items()})


def export_compact(networks: nn.ModuleDict, folder: Path) -> list[Path]:
    """Write F, W and G into a weights folder."""
    files = MODELS["compact"].files
    return [export_network(network, folder / files[name].path) for name, network in networks.items()]


def _pixel_terms(drawn: Drawn, target: Tensor, kp: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Terms of pixels and of the flow, each computed when it is called."""
    weight = importance(kp, target.shape[-1])
    return {
        **picture_terms(drawn.picture, target, kp, weight),
        "warp": lambda: weighted_l1(drawn.warped, target, weight),
        "flow": lambda: total_variation(drawn.flow),
    }


def _critics(parts: Iterable[str], channels: Sequence[int], side: int) -> RegionCritics:
    """Critics of eyes and lips; elsewhere the warp is as sharp as the source already."""
    return RegionCritics({name: CriticSize(channels, scales=1, size=side * 3 // 8) for name in parts})


def channels_last(networks: nn.Module) -> None:
    """The order of numbers in memory that convolutions on a processor are fastest in."""
    for module in networks.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
