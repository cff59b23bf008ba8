"""From a recipe to the stage that it trains, and the batches for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.model_config import load_model_config
from ..errors import InputError
from ..weights.catalogue import MODELS
from ..weights.folder import files_within
from .beginning import GENERATOR, blocks_in, load_from_folder, weights_folder, with_blocks
from .data.batches import Batches
from .data.keypoint_batches import KeypointBatches
from .perceptual.identity import IResNet50
from .recipe import Recipe
from .stages.backbone import perceptual_loss
from .stages.compact import CompactStage
from .stages.compact_distill import distill_stage
from .stages.compact_heads import CompactHeadsStage
from .stages.compact_mouth import CompactMouthStage
from .stages.official import OfficialStage
from .stages.official_heads import OfficialHeadsStage, frozen_networks
from .stages.stage import Stage

DISTILLING = ("compact", 4)  # model and stage that writes the networks that it is taught by anew
_TAUGHT = {("base", 2), DISTILLING}
_SIZED = {("compact", 1), DISTILLING}  # what makes a G of a size of its own


@dataclass(frozen=True)
class _Given:
    """What a stage is built from: see `create_stage`."""

    recipe: Recipe
    params: Mapping[str, Any]  # of the networks
    folder: Path | None  # weights to begin with
    identity: Path | None
    save_memory: bool


def create_stage(
    recipe: Recipe, init: str | None = None, *, identity: Path | None = None, save_memory: bool = False
) -> Stage:
    """Build the stage of a recipe.

    Args:
        recipe: see there.
        init: weights to begin with: a weights folder, or "shipped" for those of the project; None for none. Nothing is
            fetched. For stage 2 of base and stage 3 of compact the folder with the networks of stage 1, for stage 4 of
            compact one with a larger G.
        identity: weights of a face identity network, for the identity term of the official architecture.
        save_memory: for the official architecture, see `OfficialStage`.

    Raises:
        InputError: the recipe names something that there is not, or an option would have no effect.
        MissingFileError: weights to begin with are not there.
        WeightsError: weights that cannot be used.
    """
    build = _BUILDERS.get((recipe.model, recipe.stage))
    if build is None:
        raise InputError(
            f"nothing trains stage {recipe.stage} of model {recipe.model!r}; there are compact (1 to 4) and base (1, 2)"
        )
    _check_options(recipe, init, identity, save_memory)
    params = with_blocks(load_model_config(recipe.model), recipe.blocks.given())
    folder = None if init is None else weights_folder(recipe.model, init)
    return build(_Given(recipe, params, folder, identity, save_memory))


def teacher_of(recipe: Recipe, init: str | None) -> str:
    """A short name for the files of `init` that the stage uses to its end; empty if it only begins with them."""
    if init is None or (recipe.model, recipe.stage) not in _TAUGHT:
        return ""
    digest = hashlib.sha256()
    for name, path in sorted(files_within(MODELS[recipe.model], weights_folder(recipe.model, init)).items()):
        if name != "stitching_retargeting_module":  # stage 2 may write it into that folder
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


def batches_of(recipe: Recipe) -> type[Batches]:
    """Batches with pictures, or of numbers alone where the stage needs no more."""
    return KeypointBatches if (recipe.model, recipe.stage) == ("compact", 2) else Batches


def _compact(given: _Given) -> Stage:
    perceptual = perceptual_loss(given.recipe.backbone)
    return _begun(CompactStage(_params_of(given), given.recipe, perceptual), given)


def _compact_heads(given: _Given) -> Stage:
    return CompactHeadsStage(given.params, given.recipe)


def _compact_mouth(given: _Given) -> Stage:
    if given.folder is None:
        raise InputError("stage 3 of compact needs the F, W and G that it adds to: give their weights folder as --init")
    return _begun(CompactMouthStage(_params_of(given), given.recipe), given)


def _compact_distill(given: _Given) -> Stage:
    if given.folder is None:
        raise InputError("stage 4 of compact needs the G that it makes smaller: give its weights folder as --init")
    return distill_stage(given.params, given.recipe, given.folder)


def _official(given: _Given) -> Stage:
    perceptual = perceptual_loss(given.recipe.backbone)
    identity = None if given.identity is None else IResNet50.from_file(given.identity)
    return _begun(OfficialStage(given.params, given.recipe, perceptual, identity, save_memory=given.save_memory), given)


def _official_heads(given: _Given) -> Stage:
    if given.folder is None:
        raise InputError("stage 2 of base needs its F, M, W and G: give their weights folder as --init")
    return OfficialHeadsStage(given.params, given.recipe, frozen_networks(given.params, given.folder))


_BUILDERS: dict[tuple[str, int], Callable[[_Given], Stage]] = {
    ("compact", 1): _compact,
    ("compact", 2): _compact_heads,
    ("compact", 3): _compact_mouth,
    DISTILLING: _compact_distill,
    ("base", 1): _official,
    ("base", 2): _official_heads,
}


def _params_of(given: _Given) -> Mapping[str, Any]:
    """The definition of the compact networks, G being as large as the one that is begun with.

    Raises:
        InputError: the recipe asks for another size.
    """
    if given.folder is None:
        return given.params
    params, asked = with_blocks(given.params, blocks_in(given.folder)), given.recipe.blocks.given()
    found = {name: params[f"{GENERATOR}_params"][name] for name in asked}
    if found != asked:
        raise InputError(f"the G of --init has {found}, and the recipe asks for {asked}: leave its blocks out")
    return params


def _begun(stage: Stage, given: _Given) -> Stage:
    """The stage, with the weights that it is to begin with."""
    if given.folder is not None:
        load_from_folder(dict(stage.networks.items()), given.recipe.model, given.folder)
    return stage


def _check_options(recipe: Recipe, init: str | None, identity: Path | None, save_memory: bool) -> None:
    """Refuse what the stage cannot use: the user counts on it."""
    what = f"stage {recipe.stage} of {recipe.model}"
    if (recipe.model, recipe.stage) != ("base", 1):
        for option, given in (("--identity", identity is not None), ("--save_memory", save_memory)):
            if given:
                raise InputError(f"{option} is for stage 1 of base, and {what} cannot use it: leave it out")
    if recipe.dropout and (recipe.model, recipe.stage) != ("compact", 1):
        raise InputError(f"dropout is for stage 1 of compact, and {what} cannot use it: leave it out of the recipe")
    if recipe.blocks.given() and (recipe.model, recipe.stage) not in _SIZED:
        raise InputError(
            f"blocks are for stages 1 and 4 of compact, and {what} makes no G: leave them out of the recipe"
        )
    if recipe.critics.begin and recipe.stage != 1:
        raise InputError(f"critics are for stage 1, and {what} cannot use them: leave them out of the recipe")
    if recipe.stage != 1 and recipe.backbone != "none":
        raise InputError(f"{what} has no perceptual term for the backbone {recipe.backbone!r}: leave --backbone out")
    if (recipe.model, recipe.stage) == ("compact", 2) and init is not None:
        raise InputError("stage 2 of the compact model takes minutes and always begins afresh: leave --init out")
