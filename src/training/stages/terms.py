"""Which terms of its losses a stage computes: those that the recipe gives a weight."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from torch import Tensor

from ...errors import InputError
from ..recipe import Recipe

logger = logging.getLogger(__name__)

ADVERSARIAL = ("adversarial", "matching")  # beginnings of the terms that critics are for


class Terms:
    """The weighted terms of a stage.

    Args:
        recipe: weights of the terms.
        known: names of the terms that the stage has.

    Raises:
        InputError: the recipe weights a term that there is not, a weight is negative or no finite number, or none is
            more than 0.
    """

    def __init__(self, recipe: Recipe, known: Sequence[str]) -> None:
        if unknown := sorted(set(recipe.losses) - set(known)):
            raise InputError(f"there are no losses {', '.join(unknown)}; this stage has {', '.join(known)}")
        for name, weight in recipe.losses.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise InputError(f"the weight of the loss {name} must be a finite number, 0 or more, got {weight}")
        self._weights = {name: weight for name, weight in recipe.losses.items() if weight}
        if not self._weights:
            raise InputError(f"no loss has a weight of more than 0; this stage has {', '.join(known)}")

    def wanted(self, names: Iterable[str]) -> list[str]:
        """Those of the names that have a weight."""
        return [name for name in names if name in self._weights]

    def of(self, *beginnings: str) -> list[str]:
        """Terms with a weight whose names begin so."""
        return [name for name in self._weights if name.startswith(beginnings)]

    def weighted(self, terms: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Terms times their weights; those without one are left out."""
        return {name: self._weights[name] * terms[name] for name in self.wanted(terms)}

    def compute(self, terms: Mapping[str, Callable[[], Tensor]]) -> dict[str, Tensor]:
        """Terms with a weight, without it: the others are not computed."""
        return {name: terms[name]() for name in self.wanted(terms)}

    def regions(self, names: Iterable[str], *kinds: str) -> list[str]:
        """Regions of the picture of which a term of some kind has a weight."""
        return [name for name in names if self.wanted(f"{kind}_{name}" for kind in kinds)]

    def check_help(self, what: str, given: bool, *beginnings: str) -> None:
        """What is needed for some terms alone should be there if, and only if, they have a weight.

        Terms that miss it are left out with a warning, so that a recipe can be used without files that do not ship.

        Args:
            what: is needed, as in "no ... for it".
            given: whether it is there.
            beginnings: of the terms' names.

        Raises:
            InputError: it is there for nothing.
        """
        if given and not self.of(*beginnings):
            kinds = " or ".join(beginnings)
            raise InputError(f"there is no use for {what}: the recipe weights no {kinds} term")
        if not given and (without := self.of(*beginnings)):
            logger.warning("training without %s: no %s for it", ", ".join(without), what)


def check_sources(recipe: Recipe, least: int, why: str) -> None:
    """Batches must have enough sources.

    Args:
        recipe: of the stage.
        least: how many it needs.
        why: begins the message.

    Raises:
        InputError: they have fewer.
    """
    if recipe.data.sources < least:
        raise InputError(f"{why}: it needs {least} or more sources, got {recipe.data.sources}")


def check_size(recipe: Recipe, size: int) -> None:
    """Batches must be at least as large as the pictures that networks see.

    Raises:
        InputError: they are not.
    """
    if recipe.data.size < size:
        raise InputError(
            f"the networks see pictures of {size} pixels, so data: size must be at least that, got {recipe.data.size}"
        )
