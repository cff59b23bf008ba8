"""`Recipe`: everything that decides how a model is trained, read from a YAML file of `recipes/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import yaml

from ..errors import InputError, MissingFileError
from .data.batches import DataOptions
from .ranges import AT_LEAST_ONE, BELOW_ONE, NOT_NEGATIVE, POSITIVE, SHARE, check_ranges
from .settings import build_settings

RECIPES = Path(__file__).parent / "recipes"
_PARTS = ("model", "stage1", "stage2", "stage3", "stage4")  # of a file


@dataclass(frozen=True)
class Optimizer:
    """How weights are changed.

    Attributes:
        lr: learning rate after the warm-up.
        generator: factor on it for G.
        critic: factor on it for the critics.
        betas: of Adam.
        gradient_norm: gradients are shortened to it; it holds for all networks together.
        warmup: steps in which the rate rises to `lr`.
        cooldown: share of the steps, at the end, in which it falls to zero, along a cosine.
        accumulate: batches a step.
        average: how slowly the exponential average of the weights, which is what is exported, follows.
    """

    lr: float = 1.2e-3
    generator: float = 1.0
    critic: float = 1.0
    betas: tuple[float, float] = (0.9, 0.98)
    gradient_norm: float = 1.0
    warmup: int = 200
    cooldown: float = 0.3
    accumulate: int = 1
    average: float = 0.999

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, lr=POSITIVE, generator=NOT_NEGATIVE, critic=NOT_NEGATIVE, betas=BELOW_ONE)
        check_ranges(self, gradient_norm=POSITIVE, warmup=NOT_NEGATIVE, cooldown=SHARE)
        check_ranges(self, accumulate=AT_LEAST_ONE, average=BELOW_ONE)


@dataclass(frozen=True)
class Critics:
    """Adversarial terms: see `critics/`.

    Attributes:
        begin: steps that are done before they take part, 1 or more; 0 for never. No share of the run, so that a run
            that is prolonged keeps its critics.
        channels: of a critic's layers.
    """

    begin: int = 0
    channels: tuple[int, ...] = (32, 64, 128)

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, begin=NOT_NEGATIVE, channels=AT_LEAST_ONE)
        if not self.channels:
            raise InputError("channels must be those of at least one layer, got none")


@dataclass(frozen=True)
class Blocks:
    """How large a new G of the compact model is; 0: as the model's definition says.

    Attributes:
        num_middle: blocks before its picture grows.
        refine_blocks: blocks after that.
    """

    num_middle: int = 0
    refine_blocks: int = 0

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, num_middle=NOT_NEGATIVE, refine_blocks=NOT_NEGATIVE)

    def given(self) -> dict[str, int]:
        """Those that are not 0, by the names of constructor arguments."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True)
class Recipe:
    """One stage of training of one model.

    Attributes:
        model: definition in `src/config/models`.
        stage: 1 for F, M, W and G; 2 for S and R; of compact models 3 for the inside of the mouth, and 4 for a G with
            fewer blocks.
        precision: of convolutions and products; weights and losses are float32.
        data: batches.
        optimizer: see there.
        critics: see there.
        blocks: of the G of compact models in stage 4, and in stage 1 where it begins with no other.
        losses: name of a term -> its weight; 0 leaves it out.
        dropout: share of the channels of W's feature that G does not get to see in a step, of compact models: G is
            to lean less on what it remembers of the faces it is trained on.
        backbone: of the perceptual term: a name of `perceptual/`, or none.
    """

    model: str
    stage: Literal[1, 2, 3, 4] = 1
    precision: Literal["float32", "bfloat16"] = "float32"
    data: DataOptions = field(default_factory=DataOptions)
    optimizer: Optimizer = field(default_factory=Optimizer)
    critics: Critics = field(default_factory=Critics)
    blocks: Blocks = field(default_factory=Blocks)
    losses: Mapping[str, float] = field(default_factory=dict)
    dropout: float = 0.0
    backbone: str = "none"

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, dropout=BELOW_ONE)


def load_recipe(name: str, stage: int = 1) -> Recipe:
    """Read a recipe.

    Args:
        name: "compact", "base", ...: a file of `recipes/`; or the path of a YAML file of one's own.
        stage: which part of the file: ``stage1`` to ``stage4``.

    Raises:
        MissingFileError: there is no such recipe.
        InputError: the file says something that no recipe knows, says it wrongly, or says what cannot be.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else RECIPES / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.yaml")))
        raise MissingFileError(f"there is no recipe '{name}': give a path to a .yaml file, or one of: {known}")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' is no YAML: {error}") from error
    part = content.get(f"stage{stage}") if isinstance(content, dict) else None
    stages = [name for name in _PARTS[1:] if isinstance(content, dict) and name in content]
    if part is None and stages and "model" in content:
        raise InputError(f"'{path}' has no stage{stage}, only {', '.join(stages)}")
    if not isinstance(part, dict) or "model" not in content:
        raise InputError(f"'{path}' must have the keys model and stage{stage}")
    if unknown := set(content) - set(_PARTS):
        raise InputError(f"{path}: no such setting: {', '.join(map(str, unknown))}; known: {', '.join(_PARTS)}")
    if own := [key for key in ("model", "stage") if key in part]:
        raise InputError(f"{path}: stage{stage}: {own[0]} belongs at the top of the file, beside the stages")
    recipe: Recipe = build_settings(Recipe, {"model": content["model"], "stage": stage, **part}, str(path))
    return recipe
