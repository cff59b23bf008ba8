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
from ...weights.layout import BLOCKS, MOUTH_TEXTURE, as_trained
from ...weights.load import load_strict, read_state
from ..beginning import GENERATOR, files_of
from ..data.batches import Batch
from ..recipe import Recipe
from ..sheet import sheet
from .compact import NETWORKS, channels_last, compact_networks, export_compact
from .compact_draw import generate, pairs, warp
from .compact_drivers import with_more_drivers
from .compact_maps import importance
from .compact_terms import PICTURE_TERMS, check_pictures, picture_terms
from .helper import Helper
from .stage import Losses
from .terms import Terms, check_sources

_SHARE = f"{MOUTH_TEXTURE}.share"
_FEWEST = 2  # sources: each moves as another one, too


class CompactDistillStage:
    """G of the compact model under training; F, W and the mouth's texture stay as they are, and are exported with it.

    Args:
        networks: F, W and the larger G, by the names of their files, with their weights.
        params: arguments of the new G, which begins with what both have in common.
        recipe: weights of the terms.

    Raises:
        InputError: the recipe weights terms wrongly, see `Terms`, its pictures are too small or of an odd side, or it
            has but one source a batch; or the larger G is no larger.
    """

    def __init__(self, networks: nn.ModuleDict, params: Mapping[str, Any], recipe: Recipe) -> None:
        check_pictures(recipe)
        check_sources(recipe, _FEWEST, "stage 4 moves each face as another one")
        self._terms = Terms(recipe, PICTURE_TERMS)
        teacher = cast(CompactSPADEDecoder, networks[GENERATOR])
        generator = _beginning_of(teacher, params)
        self.networks = nn.ModuleDict({**networks, GENERATOR: generator}).requires_grad_(False)
        generator.requires_grad_(True)
        if generator.mouth_texture is not None:
            generator.mouth_texture.requires_grad_(False)
        channels_last(self.networks)
        channels_last(teacher)
        self._teacher = Helper(teacher)
        self.critics = nn.ModuleDict()

    def losses(self, batch: Batch, step: int) -> Losses:
        """How far the pictures of the new G are from those of the larger one."""
        self.networks.eval()  # or norms of F and W would go on counting, and the texture would drop what it knows
        with torch.no_grad():
            warped = warp(self.networks, with_more_drivers(batch))
            target = generate(self._teacher.on(warped.flow.device), warped).picture
            weight = importance(warped.kp_driving, target.shape[-1])
        drawn = generate(self.networks[GENERATOR], warped).picture
        terms = picture_terms(drawn, target, warped.kp_driving, weight)
        return Losses(self._terms.weighted(self._terms.compute(terms)))

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> Tensor:
        """Rows of source, driving picture, picture of the larger G, picture of the new one."""
        with torch.no_grad():
            warped = warp(networks, batch)
            generators = self._teacher.on(warped.flow.device), networks[GENERATOR]
            pictures = [generate(generator, warped).picture for generator in generators]
        return sheet([*pairs(batch), *pictures])

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write F, W and G: they belong together."""
        return export_compact(networks, folder)


def distill_stage(params: Mapping[str, Any], recipe: Recipe, folder: Path) -> CompactDistillStage:
    """Stage 4 of the networks of a weights folder, each with the parts that its file has.

    Args:
        params: the model definition, with as many blocks as the new G is to have, and the share of the mouth's texture
            in what both paint.
        recipe: of the stage.
        folder: in the product's layout.

    Raises:
        MissingFileError: a network is not there.
        WeightsError: one cannot be read, or does not fit.
        InputError: see `CompactDistillStage`.
    """
    files = files_of(NETWORKS, recipe.model, folder)
    states = {name: read_state(file) for name, file in files.items()}
    states[GENERATOR] = _with_share(states[GENERATOR], params[f"{GENERATOR}_params"])
    given = {f"{name}_params": as_trained(params[f"{name}_params"], state) for name, state in states.items()}
    networks = compact_networks(given)
    for name, state in states.items():
        load_strict(networks[name], state, what=f"'{files[name]}'")
    blocks = {name: params[f"{GENERATOR}_params"][name] for name in BLOCKS}
    return CompactDistillStage(networks, {**given[f"{GENERATOR}_params"], **blocks}, recipe)


def _with_share(state: dict[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Weights of G with the definition's share of the mouth's texture in what is painted, if they have a texture."""
    if _SHARE not in state or MOUTH_TEXTURE not in params:
        return state
    return {**state, _SHARE: torch.tensor(params[MOUTH_TEXTURE]["share"])}


def _beginning_of(teacher: CompactSPADEDecoder, params: Mapping[str, Any]) -> CompactSPADEDecoder:
    """A smaller G that knows what the teacher knows; the blocks beyond its own are left out."""
    generator = CompactSPADEDecoder(**params)
    own, known = generator.state_dict(), teacher.state_dict()
    if not own.keys() < known.keys():
        raise InputError(
            f"stage 4 makes G smaller: that of --init has {_blocks(teacher)}, and the new one would have "
            f"{_blocks(generator)}; give a larger one as --init, or say fewer blocks in the recipe"
        )
    generator.load_state_dict({key: known[key] for key in own})
    return generator


def _blocks(generator: CompactSPADEDecoder) -> str:
    return f"{generator.num_middle} middle and {len(generator.refine)} refining blocks"
