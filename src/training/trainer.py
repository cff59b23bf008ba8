"""The loop: batches, gradients, averages, logs, samples, checkpoints."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from ..errors import InputError, LivePortraitError
from . import processes
from .average import Average
from .checkpoint import load_checkpoint, save_checkpoint
from .data.batches import Batch, Batches, load
from .log import CsvLog
from .recipe import Recipe
from .schedule import rate
from .sheet import save_sheet
from .stages.stage import Stage

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int | None], None]
_PICTURES = ("source", "driving")


class DivergedError(LivePortraitError):
    """The loss is no number any more."""


@dataclass(frozen=True)
class RunOptions:
    """How a run goes, which does not change what it learns.

    Attributes:
        steps: of the whole run, those before a resume included.
        output: folder for checkpoints, log, samples and weights.
        device: where the networks are.
        workers: processes that make batches; 0 for this one.
        log_every: steps between two lines of the log.
        sample_every: steps between two sheets; 0 for none.
        save_every: steps between two checkpoints.
        stop_after: seconds after which the run is saved and left, None for never; it can be resumed.
    """

    steps: int
    output: Path
    device: torch.device
    workers: int = 0
    log_every: int = 50
    sample_every: int = 1000
    save_every: int = 500
    stop_after: float | None = None


class Trainer:
    """Trains one stage by one recipe.

    Args:
        stage: networks and losses.
        recipe: optimizer, precision.
        options: how the run goes.
        seed: of the batches and of whatever else is left to chance.
    """

    def __init__(self, stage: Stage, recipe: Recipe, options: RunOptions, seed: int) -> None:
        self._stage, self._recipe, self._options, self._seed = stage, recipe, options, seed
        stage.networks.to(options.device)
        stage.critics.to(options.device)
        self._average = Average(stage.networks, recipe.optimizer.average)
        self._optimizer = _adam(self._groups(), recipe)
        self._critic_optimizer = _adam(
            [{"params": list(stage.critics.parameters()), "factor": recipe.optimizer.critic}] if stage.critics else [],
            recipe,
        )
        self._step = 0

    @property
    def step(self) -> int:
        """Steps that are done."""
        return self._step

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint, or from the last one of a folder.

        Raises:
            MissingFileError: there is none.
            WeightsError: it is damaged.
            InputError: it is of another model, stage or seed, which the run could not go on with unnoticed.
        """
        state = load_checkpoint(path)
        for name, mine in self._labels().items():
            if state.get(name) != mine:
                raise InputError(f"'{path}' holds a run with {name} {state.get(name)!r}, not {mine!r}")
        for name, part in self._parts().items():
            if name in state:
                part.load_state_dict(state[name])
            else:  # a run may be prolonged by a recipe with critics
                logger.warning("the checkpoint holds no %s: beginning afresh with those", name.replace("_", " "))
        self._step = int(state["step"])
        logger.info("going on after step %d", self._step)

    def run(self, batches: Callable[[int], Batches], progress: Progress | None = None) -> bool:
        """Train until the steps are done or the time is up.

        Args:
            batches: from the first batch's number to the batches from there on.
            progress: told of the steps that are done.

        Returns:
            Whether all steps are done; if not, `resume` goes on.

        Raises:
            DivergedError: the loss is no number any more; the last checkpoint is from before.
        """
        options, accumulate = self._options, self._recipe.optimizer.accumulate
        source = load(batches(self._step * accumulate), options.workers)
        log, began = CsvLog(options.output / "log.csv", options.log_every), time.monotonic()
        self._stage.networks.train()
        while self._step < options.steps:
            terms = self._one_step([self._on_device(next(source)) for _ in range(accumulate)])
            self._step += 1
            if processes.rank() == 0:
                log.add(self._step, terms)
            if progress is not None:
                progress("training", self._step, options.steps)
            late = options.stop_after is not None and time.monotonic() - began > options.stop_after
            if late or self._step == options.steps or self._step % options.save_every == 0:
                self._save()
            if options.sample_every and self._step % options.sample_every == 0:
                self._draw_sample(self._on_device(next(iter([batches(0).batch(0)]))))
            if late:
                break
        return self._step >= options.steps

    def export(self, folder: Path) -> list[Path]:
        """Write the averaged weights as the product loads them; returns the files."""
        return self._stage.export(self._average.networks, folder)

    def _one_step(self, batches: list[Batch]) -> dict[str, float]:
        optimizer = self._recipe.optimizer
        factor = rate(self._step, self._options.steps, optimizer.warmup, optimizer.cooldown)
        networks, critics = self._stage.networks, self._stage.critics
        sums: dict[str, float] = {}
        # Chance inside of a stage must depend on the step alone, so that a resumed run is the same run.
        torch.manual_seed(hash((self._seed, processes.rank(), self._step)) % 2**63)
        for batch in batches:
            with self._precision():
                losses = self._stage.losses(batch, self._step / self._options.steps)
            values = {name: float(term.detach()) for name, term in (losses.networks | losses.critics).items()}
            if not all(map(math.isfinite, values.values())):  # before the gradients, whose samplers crash on such
                raise DivergedError(f"step {self._step + 1}: a loss is no number any more ({values}): lower --lr")
            values["total"] = sum(values[name] for name in losses.networks)
            sums = {name: sums.get(name, 0.0) + value / len(batches) for name, value in values.items()}
            for terms in (losses.networks, losses.critics):
                if terms:
                    (torch.stack(list(terms.values())).sum() / len(batches)).backward()
        for module, adam in ((networks, self._optimizer), (critics, self._critic_optimizer)):
            if adam is None:
                continue
            parameters = list(module.parameters())
            processes.average_gradients(parameters)
            nn.utils.clip_grad_norm_(parameters, optimizer.gradient_norm)
            for group in adam.param_groups:
                group["lr"] = optimizer.lr * group["factor"] * factor
            adam.step()
            adam.zero_grad(set_to_none=True)
        processes.average_buffers(networks.buffers())
        self._average.follow(networks, self._step)
        return sums

    def _save(self) -> None:
        if processes.rank() == 0:
            state = self._labels() | {name: part.state_dict() for name, part in self._parts().items()}
            save_checkpoint(self._options.output / "checkpoints", self._step, state)

    def _draw_sample(self, batch: Batch) -> None:
        if processes.rank() == 0:
            picture = self._stage.sample(self._average.networks, batch)
            if picture is not None:
                save_sheet(picture, self._options.output / "samples" / f"step_{self._step:09d}.jpg")

    def _labels(self) -> dict[str, Any]:
        return {"model": self._recipe.model, "stage": self._recipe.stage, "seed": self._seed}

    def _parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "networks": self._stage.networks,
            "average": self._average.networks,
            "optimizer": self._optimizer,
        }
        if self._critic_optimizer is not None:
            parts |= {"critics": self._stage.critics, "critic_optimizer": self._critic_optimizer}
        return parts

    def _groups(self) -> list[dict[str, Any]]:
        factors = {"spade_generator": self._recipe.optimizer.generator}
        return [
            {"params": list(network.parameters()), "factor": factors.get(name, 1.0)}
            for name, network in self._stage.networks.items()
        ]

    def _on_device(self, batch: Batch) -> dict[str, Tensor]:
        """A batch on the device, pictures as float32 in 0..1."""
        moved = {name: value.to(self._options.device, non_blocking=True) for name, value in batch.items()}
        return {name: value.float() / 255 if name in _PICTURES else value for name, value in moved.items()}

    def _precision(self) -> AbstractContextManager[Any]:
        on = self._recipe.precision == "bfloat16"
        return torch.autocast(self._options.device.type, torch.bfloat16, enabled=on)


def _adam(groups: list[dict[str, Any]], recipe: Recipe) -> Optimizer | None:
    return Adam(groups, lr=recipe.optimizer.lr, betas=recipe.optimizer.betas, fused=True) if groups else None
