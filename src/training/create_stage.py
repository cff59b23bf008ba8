"""From a recipe to the stage that it trains, and the batches for it."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from ..config.model_config import load_model_config
from ..errors import InputError, MissingFileError
from ..weights.catalogue import MODELS
from ..weights.load import load_strict, read_state
from ..weights.resolve import resolve_model
from .data.batches import Batches
from .data.keypoint_batches import KeypointBatches
from .perceptual.identity import IResNet50
from .recipe import Recipe
from .stages.backbone import perceptual_loss
from .stages.compact import CompactStage
from .stages.compact_heads import CompactHeadsStage
from .stages.official import OfficialStage
from .stages.official_heads import OfficialHeadsStage, frozen_networks
from .stages.stage import Stage

SHIPPED = "shipped"


def create_stage(
    recipe: Recipe, init: str | None = None, *, identity: Path | None = None, save_memory: bool = False
) -> Stage:
    """Build the stage of a recipe.

    Args:
        recipe: see there.
        init: weights to begin with: a weights folder, or "shipped" for those of the project; None for none. For stage 2
            of base the folder with the networks of stage 1.
        identity: weights of a face identity network, for the identity term of the official architecture.
        save_memory: for the official architecture, see `OfficialStage`.

    Raises:
        InputError: the recipe names something that there is not.
        MissingFileError: a network's weights are missing.
        WeightsError: weights that cannot be used.
    """
    key = recipe.model, recipe.stage
    params, perceptual = load_model_config(recipe.model), perceptual_loss(recipe.backbone)
    if key == ("compact", 1):
        stage: Stage = CompactStage(params, recipe, perceptual)
    elif key == ("base", 1):
        network = None if identity is None else IResNet50.from_file(identity)
        stage = OfficialStage(params, recipe, perceptual, network, save_memory=save_memory)
    elif key == ("compact", 2):
        if init is not None:
            raise InputError("stage 2 of the compact model takes minutes and always begins afresh: leave --init out")
        return CompactHeadsStage(params, recipe)
    elif key == ("base", 2):
        if init is None:
            raise InputError("stage 2 of base needs its F, M, W and G: give their weights folder as --init")
        return OfficialHeadsStage(params, recipe, frozen_networks(params, Path(init)))
    else:
        raise InputError(f"nothing trains stage {recipe.stage} of model {recipe.model!r}; there are compact and base")
    if init is not None:
        _begin_with(stage.networks, recipe, init)
    return stage


def batches_of(recipe: Recipe) -> type[Batches]:
    """Batches with pictures, or of numbers alone where the stage needs no more."""
    return KeypointBatches if (recipe.model, recipe.stage) == ("compact", 2) else Batches


def _begin_with(networks: nn.ModuleDict, recipe: Recipe, init: str) -> None:
    """Load weights of the product into the networks, strictly."""
    model = resolve_model(recipe.model, None if init == SHIPPED else Path(init))
    if init != SHIPPED:  # what is missing in a folder would be taken from what ships
        lost = [MODELS[recipe.model].files[name].path for name in networks if not _lies_in(model.files[name], init)]
        if lost:
            raise MissingFileError(f"'{init}' is no weights folder with {', '.join(lost)} to begin with")
    for name, network in networks.items():
        load_strict(network, read_state(model.files[name]), what=model.files[name].name)


def _lies_in(file: Path, folder: str) -> bool:
    return file.absolute().is_relative_to(Path(folder).absolute())
