"""Stage 4 of the compact model: a G with fewer blocks learns to draw as one with more does.

It is taught by pictures of the larger G, not by the driving frames: what can be learnt from those is learnt, and a
picture of any keypoints will do, also of a face that moves as another one does (ours; the idea is Hinton et al., 2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from ...errors import InputError
from ...modules.compact.spade_generator import CompactSPADEDecoder
from ...weights.layout import without_texture
from ..data.batches import Batch
from ..recipe import Recipe
from ..sheet import sheet
from .compact import compact_networks, export_compact
from .compact_draw import driven, generate, warp, with_crossed
from .compact_terms import PICTURE_TERMS, check_pictures, picture_terms
from .helper import Helper
from .stage import Losses
from .terms import Terms

_G = "spade_generator"


class CompactDistillStage:
    """G of the compact model under training; F, W and the mouth's texture stay as they are, and are exported with it.

    Args:
        params: the model definition, which says how many blocks the new G has.
        recipe: weights of the terms.
        teacher: the larger G, with its weights; what both have in common is where the new G begins.

    Raises:
        InputError: the recipe weights terms wrongly, see `Terms`, or its pictures are too small or of an odd side;
            or the teacher has no more blocks than the definition.
    """

    def __init__(self, params: Mapping[str, Any], recipe: Recipe, teacher: CompactSPADEDecoder) -> None:
        check_pictures(recipe)
        self._terms = Terms(recipe, PICTURE_TERMS)
        self._teacher = Helper(teacher)
        if teacher.mouth_texture is None:
            params = {name: without_texture(part) for name, part in params.items()}
        self.networks = compact_networks(params).requires_grad_(False)
        _begin_with(cast(CompactSPADEDecoder, self.networks[_G]), teacher)
        self.critics = nn.ModuleDict()

    def losses(self, batch: Batch, step: int) -> Losses:
        """How far the pictures of the new G are from those of the larger one."""
        self.networks.eval()  # what is not trained stays as it is: the texture counts its inputs otherwise
        with torch.no_grad():
            warped = warp(self.networks, with_crossed(batch))
            target = generate(self._teacher.on(warped.flow.device), warped).picture
        drawn = generate(self.networks[_G], warped).picture
        return Losses(self._terms.weighted(self._terms.compute(picture_terms(drawn, target, warped.kp_driving))))

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> Tensor:
        """Rows of source, driving picture, picture of the larger G, picture of the new one."""
        with torch.no_grad():
            warped = warp(networks, batch)
            pictures = [generate(each, warped).picture for each in (self._teacher.on(warped.flow.device), networks[_G])]
        return sheet([*driven(batch), *pictures])

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write F, W and G: they belong together."""
        return export_compact(networks, folder)


def _begin_with(generator: CompactSPADEDecoder, teacher: CompactSPADEDecoder) -> None:
    """Take over what a larger network of the same make knows; its blocks beyond those of the new one are left out."""
    own, known = generator.state_dict(), teacher.state_dict()
    if not own.keys() < known.keys():
        raise InputError(
            f"stage 4 makes G smaller, and that of --init has {_blocks(teacher)}, where the definition of the model "
            f"says {_blocks(generator)}: begin with weights of more"
        )
    generator.load_state_dict({key: known[key] for key in own})
    generator.requires_grad_(True)
    if generator.mouth_texture is not None:
        generator.mouth_texture.requires_grad_(False)


def _blocks(generator: CompactSPADEDecoder) -> str:
    return f"{generator.num_middle} middle and {len(generator.refine)} refining blocks"
