"""Stage 3 of the compact model: what lies between open lips, from keypoints and colours of the source.

No other network takes part: at the keypoints, whose colours are read, the warped picture is the source's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...engine.compact_sizes import INTERNAL_SIZE, shrunk
from ...errors import InputError
from ...modules.compact.aperture import mouth_strength
from ...modules.compact.mouth_texture import MouthTexture, face_colours, lay
from ...modules.compact.spade_generator import CompactSPADEDecoder
from ...weights.catalogue import MODELS
from ..data.batches import Batch
from ..export import export_network
from ..recipe import Recipe
from ..sheet import sheet
from .stage import Losses
from .terms import Terms, check_size

TERMS = ("mouth",)
_FEWEST = 2  # frames that a mean and a spread of the inputs are taken of
_TINY = 1e-6


class CompactMouthStage:
    """`MouthTexture` under training.

    Args:
        params: the model definition.
        recipe: weights of the terms.
        generator: G with its weights, into which the texture goes when it is exported.

    Raises:
        InputError: the recipe weights terms wrongly, see `Terms`, or its batches or pictures are too small.
    """

    def __init__(self, params: Mapping[str, Any], recipe: Recipe, generator: CompactSPADEDecoder) -> None:
        data = recipe.data
        check_size(recipe, INTERNAL_SIZE)
        if data.sources * data.drivers < _FEWEST:
            raise InputError(f"stage 3 needs data: {_FEWEST} or more frames a batch, sources times drivers, got 1")
        self._terms, self._generator = Terms(recipe, TERMS), generator
        self.networks = nn.ModuleDict(
            {"mouth_texture": MouthTexture(**params["spade_generator_params"]["mouth_texture"])}
        )
        self.critics = nn.ModuleDict()

    def losses(self, batch: Batch, step: int) -> Losses:
        """How far the texture is from what each open mouth shows; a wide one weighs more, as it has more pixels."""
        target, kp = batch["driving"].flatten(0, 1), batch["kp_driving"].flatten(0, 1)
        drawn, mouth = self._drawn(self.networks, batch)
        share = mouth * mouth_strength(kp)[..., None, None]
        terms = {"mouth": (share * (drawn - target).abs()).sum() / (target.shape[1] * share.sum() + _TINY)}
        return Losses(self._terms.weighted(terms))

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> Tensor:
        """Rows of source, driving picture, and that with its mouth painted."""
        with torch.no_grad():
            drawn, mouth = self._drawn(networks, batch)
        drivers, target = batch["kp_driving"].shape[1], batch["driving"].flatten(0, 1)
        return sheet([batch["source"].repeat_interleave(drivers, 0), target, torch.lerp(target, drawn, mouth)])

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write G with the texture."""
        texture = networks["mouth_texture"]
        assert isinstance(texture, MouthTexture), "it is made so"
        self._generator.mouth_texture = texture
        return [export_network(self._generator, folder / MODELS["compact"].files["spade_generator"].path)]

    def _drawn(self, networks: nn.ModuleDict, batch: Batch) -> tuple[Tensor, Tensor]:
        """Textures where the driving frames' mouths are, (B, 3, N, N), and those mouths, (B, 1, N, N)."""
        source, drivers = batch["source"], batch["kp_driving"].shape[1]
        small, kp_source = (value.repeat_interleave(drivers, 0) for value in (shrunk(source), batch["kp_source"]))
        kp = batch["kp_driving"].flatten(0, 1)  # (B, 21, 3)
        texture = networks["mouth_texture"](face_colours(small, kp_source), kp)
        return lay(texture, kp, source.shape[-1])
