"""Stage 2 of the compact model: S, R_eyes and R_lip, from numbers alone.

Its keypoints are made of mesh landmarks, so what a picture has to tell the original in its second stage (whether the
shoulders stayed, how far the eyes opened) the keypoints tell here, and a run takes minutes on a CPU. The retargeting
losses have the form of LivePortrait (arXiv 2407.03168), section 3.3, with frames of the same person in place of the
picture consistency.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import InputError
from ...modules.stitching_retargeting_network import StitchingRetargetingNetwork
from ...weights.catalogue import MODELS
from ..data.batches import Batch
from ..export import export_network
from ..losses.stage2 import condition_loss, delta_regularisation
from ..recipe import Recipe
from .changes import PARTS, Change, Part, draw_changes
from .neck_stitching import NeckStitching
from .skull import fit_skull
from .stage import Losses
from .terms import Terms

_UNIT = 0.02  # how far lids and lips move as a rule, in sizes of the face: makes the motion term about 1 at first
_DRIVERS = 3  # `draw_changes` needs four frames of a person
TERMS = ("neck", *(f"{part}_{term}" for part in PARTS for term in ("motion", "condition", "regularisation")))


class Retargeting(nn.Module):
    """R_eyes or R_lip: keypoints of other parts stay where they are.

    Args:
        part: what it opens and closes.
        sizes: of the network's layers, as in the model definition.
    """

    mask: Tensor

    def __init__(self, part: Part, sizes: Mapping[str, Any]) -> None:
        super().__init__()
        self.network = StitchingRetargetingNetwork(**sizes)
        self.register_buffer("mask", part.mask.clone(), persistent=False)

    def forward(self, x_s: Tensor, openness: Tensor, target: Tensor) -> Tensor:
        """Deltas (B, 21, 3) of keypoints (B, 21, 3) with openness (B, n), for targets (B, 1)."""
        delta = self.network(torch.cat([x_s.flatten(1), openness, target], 1))
        return self.mask * delta.view_as(x_s)  # (B, 21, 3)

    @torch.no_grad()
    def as_network(self) -> StitchingRetargetingNetwork:
        """The same as a plain network: the rows of what stays are zero."""
        network = deepcopy(self.network)
        last, rows = network.mlp[-1], self.mask.flatten()
        assert isinstance(last, nn.Linear), "there is no activation behind it"
        last.weight.mul_(rows[:, None])
        last.bias.mul_(rows)
        return network


class CompactHeadsStage:
    """S, R_eyes and R_lip of the compact model under training; batches are `KeypointBatches`.

    Args:
        params: the model definition.
        recipe: weights of the terms; at least 3 drivers a source.

    Raises:
        InputError: fewer drivers, or the recipe weights terms wrongly, see `Terms`.
    """

    def __init__(self, params: Mapping[str, Any], recipe: Recipe) -> None:
        if recipe.data.drivers < _DRIVERS:
            raise InputError(f"stage 2 needs data: drivers of {_DRIVERS} or more, got {recipe.data.drivers}")
        self._terms = Terms(recipe, TERMS)
        self._sizes = params["stitching_retargeting_module_params"]
        self.networks = nn.ModuleDict({"stitching": NeckStitching()})
        self.networks.update({name: Retargeting(part, self._sizes[name]) for name, part in PARTS.items()})
        self.critics = nn.ModuleDict()

    def losses(self, batch: Batch, step: int) -> Losses:
        """Terms of a batch, in float32 also under autocast: see the recipe for what each is for."""
        kp, R, openness = (
            torch.cat([batch[f"{name}_source"][:, None], batch[f"{name}_driving"]], 1)
            for name in ("kp", "R", "openness")
        )  # (S, F, ...)
        with torch.autocast(kp.device.type, enabled=False):
            terms = self._terms.compute({"neck": lambda: self._neck_term(kp, R)})
            for name, part in PARTS.items():
                if self._terms.of(name):
                    added = self._retargeting_terms(name, part, draw_changes(part, kp, R, openness))
                    terms |= {f"{name}_{term}": value for term, value in added.items()}
            return Losses(self._terms.weighted(terms))

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> None:
        """Nothing to look at: the pictures are the first stage's."""

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write all three in one file, as the product loads it."""
        heads: dict[str, nn.Module] = {}
        for name, network in networks.items():
            if isinstance(network, NeckStitching):
                heads[name] = network.as_network(self._sizes[name])
            elif isinstance(network, Retargeting):
                heads[name] = network.as_network()
        file = MODELS["compact"].files["stitching_retargeting_module"]
        return [export_network(nn.ModuleDict(heads), folder / file.path)]

    def _neck_term(self, kp: Tensor, R: Tensor) -> Tensor:
        """How much of the neck's offset stays, in sizes of the face, between frames (S, F, ...) of a person.

        The driver has the expression of another frame and the pose of another person: of a clip's own frames most
        differ by little more than what landmarks tremble, and weights would be learnt that calm those.
        """
        x_s, x_d = kp.flatten(0, 1), kp.roll(1, 1).flatten(0, 1)  # (S * F, 21, 3)
        skull, other = fit_skull(x_s, R.flatten(0, 1)), fit_skull(x_d, R.roll(1, 1).flatten(0, 1))
        pose = skull.rolled(kp.shape[1])
        left = (skull.neck() - pose.neck())[:, :2] - self.networks["stitching"](x_s, pose.outside(other.inside(x_d)))
        return (left / skull.scale).abs().mean()

    def _retargeting_terms(self, name: str, part: Part, drawn: Change) -> dict[str, Tensor]:
        network = self.networks[name]
        delta = network(drawn.x_s, drawn.openness, drawn.target)
        inside = drawn.skull.lengths_inside(delta)
        motion = (drawn.trust * (inside - drawn.change).square()).sum() / (drawn.trust * part.mask.to(inside)).sum()
        # The labels' targets are those that frames happen to show; the condition holds for all.
        target = torch.rand_like(drawn.target) * part.high
        free = network(drawn.x_s, drawn.openness, target)
        pairs = ((delta, drawn.target), (free, target))
        conditions = [
            condition_loss(reached, wanted.expand_as(reached))
            for reached, wanted in (
                (part.opening(drawn.x_s, drawn.x_s + added, drawn.openness), wanted) for added, wanted in pairs
            )
        ]
        return {
            "motion": motion / _UNIT**2,
            "condition": torch.stack(conditions).mean(),
            "regularisation": delta_regularisation(drawn.skull.lengths_inside(free)),
        }
