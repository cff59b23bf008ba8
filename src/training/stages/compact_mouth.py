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
from ...modules.compact.mouth_texture import MouthTexture, draw_texture, face_colours
from ..data.batches import Batch
from ..recipe import Recipe
from ..sheet import sheet
from .compact import compact_networks, export_compact
from .stage import Losses
from .terms import Terms, check_size, check_sources

TERMS = ("mouth",)
_PATIENCE = 20  # batches
_TINY = 1e-6
_FEWEST = 2  # sources: what all of a batch have in common, its norm takes away


class CompactMouthStage:
    """`MouthTexture` of G under training; F, W and the rest of G stay as they are, and are exported with it.

    Args:
        params: the model definition.
        recipe: weights of the terms.

    Raises:
        InputError: the recipe weights terms wrongly, see `Terms`, or its batches or pictures are too small.
    """

    def __init__(self, params: Mapping[str, Any], recipe: Recipe) -> None:
        check_size(recipe, INTERNAL_SIZE)
        check_sources(recipe, _FEWEST, "stage 3 compares faces")
        self._terms = Terms(recipe, TERMS)
        self.networks = compact_networks(params).requires_grad_(False)
        _texture(self.networks).requires_grad_(True)
        self.critics = nn.ModuleDict()
        self._without = 0  # batches in which no mouth was open; -1: it was in one

    def losses(self, batch: Batch, step: int) -> Losses:
        """How far the texture is from what each open mouth shows; a wide one weighs more, as it has more pixels.

        Raises:
            InputError: no mouth was open in the frames so far.
        """
        target, kp = batch["driving"].flatten(0, 1), batch["kp_driving"].flatten(0, 1)
        drawn, mouth = _drawn(self.networks, batch)
        strength = mouth_strength(kp)
        self._check_open(strength)
        share = mouth * strength[..., None, None]
        terms = {"mouth": (share * (drawn - target).abs()).sum() / (target.shape[1] * share.sum() + _TINY)}
        return Losses(self._terms.weighted(terms))

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> Tensor:
        """Rows of source, driving picture, and that with its mouth painted."""
        with torch.no_grad():
            drawn, mouth = _drawn(networks, batch)
        drivers, target = batch["kp_driving"].shape[1], batch["driving"].flatten(0, 1)
        return sheet([batch["source"].repeat_interleave(drivers, 0), target, torch.lerp(target, drawn, mouth)])

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write F, W, and G with the texture: they belong together."""
        return export_compact(networks, folder)

    def _check_open(self, strength: Tensor) -> None:
        """What is trained without an open mouth would paint whatever it began with."""
        if self._without < 0:
            return
        self._without = -1 if float(strength.detach().max()) >= 1 else self._without + 1
        if self._without >= _PATIENCE:
            raise InputError(
                f"no mouth was open in {_PATIENCE} batches of {len(strength)} frames: stage 3 needs footage in which "
                "people open their mouths"
            )


def _texture(networks: nn.ModuleDict) -> MouthTexture:
    texture = networks["spade_generator"].mouth_texture
    assert isinstance(texture, MouthTexture), "the definition has one"
    return texture


def _drawn(networks: nn.ModuleDict, batch: Batch) -> tuple[Tensor, Tensor]:
    """Textures where the driving frames' mouths are, (B, 3, N, N), and those mouths, (B, 1, N, N)."""
    source, drivers = batch["source"], batch["kp_driving"].shape[1]
    small, kp_source = (value.repeat_interleave(drivers, 0) for value in (shrunk(source), batch["kp_source"]))
    kp = batch["kp_driving"].flatten(0, 1)  # (B, 21, 3)
    return draw_texture(_texture(networks)(face_colours(small, kp_source), kp), kp, source.shape[-1])
