"""`RunState`: what a run has learnt so far, all of which a checkpoint holds."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim import Adam, Optimizer

from ..errors import WeightsError
from .average import Average
from .checkpoint import load_checkpoint, save_checkpoint
from .recipe import Recipe
from .same_run import compare
from .stages.stage import Stage

logger = logging.getLogger(__name__)


class RunState:
    """The networks and critics of a stage, their optimizers, and the average of the networks.

    Args:
        stage: its networks are on their device already.
        recipe: of the optimizers and the average.
        labels: what a resumed run is compared by, see `same_run.labels`.

    Attributes:
        step: steps that are done.
        average: what is tried and exported.
    """

    def __init__(self, stage: Stage, recipe: Recipe, labels: Mapping[str, Any]) -> None:
        self._networks, self._critics, self._labels = stage.networks, stage.critics, dict(labels)
        self._optimizers = {"networks": _adam(_groups(stage.networks, recipe), recipe)}
        if stage.critics:
            critics = [{"params": list(stage.critics.parameters()), "factor": recipe.optimizer.critic}]
            self._optimizers["critics"] = _adam(critics, recipe)
        self.average = Average(stage.networks, recipe.optimizer.average)
        self.step = 0

    def trained(self) -> list[tuple[nn.ModuleDict, Optimizer]]:
        """The networks, and the critics if there are any, each with what changes them."""
        modules = {"networks": self._networks, "critics": self._critics}
        return [(modules[name], adam) for name, adam in self._optimizers.items()]

    def save(self, folder: Path) -> None:
        """Write a checkpoint.

        Raises:
            InputError: it cannot be written.
        """
        state = {name: part.state_dict() for name, part in self._parts().items()}
        save_checkpoint(folder, self.step, {"labels": self._labels} | state)

    def resume(self, folder: Path) -> None:
        """Take in the last checkpoint of a folder; see `Trainer.resume`.

        Raises:
            MissingFileError: there is none.
            WeightsError: it is damaged, or of networks of another shape.
            InputError: it is of another model, stage or seed.
        """
        state = load_checkpoint(folder)
        compare(state.get("labels", {}), self._labels, folder)
        groups = {part: [dict(group) for group in adam.param_groups] for part, adam in self._optimizers.items()}
        for name, part in self._parts().items():
            if name in state:
                _load(part, state[name], name, folder)
            elif name.startswith("critic"):  # a run may be prolonged by a recipe with critics
                logger.warning("the checkpoint holds no %s: beginning afresh with those", name.replace("_", " "))
            else:
                raise WeightsError(f"the checkpoint in '{folder}' holds no {name}")
        for name, adam in self._optimizers.items():  # settings are the recipe's, only what was learnt is not
            for group, wanted in zip(adam.param_groups, groups[name], strict=True):
                group |= {key: value for key, value in wanted.items() if key != "params"}
        self.step = int(state["step"])

    def _parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "networks": self._networks,
            "average": self.average.networks,
            "optimizer": self._optimizers["networks"],
        }
        if "critics" in self._optimizers:
            parts |= {"critics": self._critics, "critic_optimizer": self._optimizers["critics"]}
        return parts


def _load(part: Any, state: Mapping[str, Any], name: str, folder: Path) -> None:
    try:
        part.load_state_dict(state)
    except (RuntimeError, ValueError, KeyError) as error:
        lines = [line.strip() for line in str(error).splitlines()] or [type(error).__name__]
        reason = lines[min(1, len(lines) - 1)]  # above a list of faults torch writes what has them
        raise WeightsError(
            f"{name} of the checkpoint in '{folder}' do not fit ({reason}): say --init as when the run began; if that "
            "is what was said, it was made by another version of the networks: finish the run with that version, or "
            "begin anew with --init and the weights of the run"
        ) from error


def _groups(networks: nn.ModuleDict, recipe: Recipe) -> list[dict[str, Any]]:
    factors = {"spade_generator": recipe.optimizer.generator}
    return [
        {"params": list(network.parameters()), "factor": factors.get(name, 1.0)} for name, network in networks.items()
    ]


def _adam(groups: list[dict[str, Any]], recipe: Recipe) -> Optimizer:
    return Adam(groups, lr=recipe.optimizer.lr, betas=recipe.optimizer.betas, fused=True)
