"""The loop: batches, gradients, averages, logs, samples, checkpoints."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from ..errors import InputError, LivePortraitError, WeightsError
from . import processes
from .average import Average
from .checkpoint import last_step, load_checkpoint, save_checkpoint
from .data.batches import Batch, Batches, load
from .interrupt import stop_request
from .log import CsvLog
from .recipe import Recipe
from .same_run import compare
from .schedule import rate
from .sheet import save_sheet
from .stages.stage import Stage

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int | None], None]
CHECKPOINTS, SAMPLES = "checkpoints", "samples"  # in the output folder
_PICTURES = ("source", "driving")
_GO_ON = "the same command with --resume goes on"


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
        data: name for the data, which a resumed run is compared by.
    """

    def __init__(self, stage: Stage, recipe: Recipe, options: RunOptions, seed: int, data: str = "") -> None:
        self._stage, self._recipe, self._options, self._seed, self._data = stage, recipe, options, seed, data
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

    def resume(self, folder: Path) -> None:
        """Go on from the last checkpoint of a folder.

        A recipe, data or number of processes that are not those of the checkpoint are told of in a warning: a run may
        be prolonged with other losses, but it is another run then.

        Raises:
            MissingFileError: there is none.
            WeightsError: it is damaged, or of networks of another shape.
            InputError: it is of another model, stage or seed.
        """
        state = load_checkpoint(folder)
        compare(state.get("labels", {}), self._labels(), folder)
        groups = {part: [dict(group) for group in adam.param_groups] for part, adam in self._adams().items()}
        for name, part in self._parts().items():
            if name in state:
                try:
                    part.load_state_dict(state[name])
                except (RuntimeError, ValueError, KeyError) as error:
                    raise WeightsError(f"{name} of the checkpoint in '{folder}' do not fit: {error}") from error
            elif name.startswith("critic"):  # a run may be prolonged by a recipe with critics
                logger.warning("the checkpoint holds no %s: beginning afresh with those", name.replace("_", " "))
            else:
                raise WeightsError(f"the checkpoint in '{folder}' holds no {name}")
        for name, adam in self._adams().items():  # settings are the recipe's, only what was learnt is the checkpoint's
            for group, wanted in zip(adam.param_groups, groups[name], strict=True):
                group |= {key: value for key, value in wanted.items() if key != "params"}
        self._step = int(state["step"])

    def run(self, batches: Callable[[int], Batches], progress: Progress | None = None) -> bool:
        """Train until the steps are done, the time is up, or somebody asks for an end by Ctrl-C or SIGTERM.

        Args:
            batches: from the first batch's number to the batches from there on.
            progress: told of the steps that are done.

        Returns:
            Whether all steps are done; if not, `resume` goes on.

        Raises:
            DivergedError: losses or gradients are no numbers any more; the last checkpoint is from before.
            InputError: a file cannot be read or written; what was learnt until then is saved if it can be. Or a run
                that was resumed has done more steps than asked for.
            KeyboardInterrupt: this process was asked for an end: after the first time all is saved, as when the time is
                up; after a second one only what the last checkpoint holds.
        """
        if self._step > self._options.steps:
            raise InputError(
                f"the run in '{self._options.output}' has done {self._step} steps already, more than --steps "
                f"{self._options.steps}: give more --steps to prolong it"
            )
        if self._step:
            logger.info("going on after step %d", self._step)
        with stop_request() as stop:
            try:
                done = self._train(batches, progress, lambda: stop.made)
            except KeyboardInterrupt:
                self._tell_of_loss()
                raise
        if not done:
            logger.warning("left after step %d of %d: %s", self._step, self._options.steps, _GO_ON)
            if stop.made and processes.rank() == 0:  # torchrun ends all others when one fails: the first one saves
                raise KeyboardInterrupt
        return done

    def _train(self, batches: Callable[[int], Batches], progress: Progress | None, stop: Callable[[], bool]) -> bool:
        options, accumulate = self._options, self._recipe.optimizer.accumulate
        source = load(batches(self._step * accumulate), options.workers)
        log, began = CsvLog(options.output / "log.csv", options.log_every, after=self._step), time.monotonic()
        self._stage.networks.train()
        while self._step < options.steps:
            terms = self._one_step([self._on_device(batch) for batch in self._next(source, accumulate)])
            self._step += 1
            if processes.rank() == 0:
                log.add(self._step, terms)
            if progress is not None:
                progress("training", self._step, options.steps)
            late = options.stop_after is not None and time.monotonic() - began > options.stop_after
            leave = processes.any_of_us(late or stop(), options.device)
            if leave or self._step == options.steps or self._step % options.save_every == 0:
                self._save()
            if options.sample_every and self._step % options.sample_every == 0:
                self._draw_sample(batches(0))
            if leave:
                break
        if processes.rank() == 0:
            log.flush()
        return self._step >= options.steps

    def _next(self, source: Iterator[Batch], number: int) -> list[Batch]:
        try:
            return [next(source) for _ in range(number)]
        except InputError:  # a damaged shot must not cost the steps since the last checkpoint
            self._save()
            raise

    def export(self, folder: Path) -> list[Path]:
        """Write the averaged weights as the product loads them; returns the files."""
        return self._stage.export(self._average.networks, folder)

    def _one_step(self, batches: list[Batch]) -> dict[str, float]:
        optimizer = self._recipe.optimizer
        factor = rate(self._step, self._options.steps, optimizer.warmup, optimizer.cooldown)
        networks, critics = self._stage.networks, self._stage.critics
        sums: dict[str, float] = {}
        # Chance inside of a stage must depend on the step alone, so that a resumed run is the same run.
        chance = np.random.SeedSequence([self._seed, processes.rank(), self._step])
        torch.manual_seed(int(chance.generate_state(1, np.uint64)[0] >> np.uint64(1)))
        for batch in batches:
            with self._precision():
                losses = self._stage.losses(batch, self._step)
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
            norm = float(nn.utils.clip_grad_norm_(parameters, optimizer.gradient_norm))
            if not math.isfinite(norm):
                raise DivergedError(f"step {self._step + 1}: the gradients are no numbers any more: lower --lr")
            for group in adam.param_groups:
                group["lr"] = optimizer.lr * group["factor"] * factor
            adam.step()
            adam.zero_grad(set_to_none=True)
        processes.average_buffers(networks.buffers())
        self._average.follow(networks, self._step)
        return sums

    def _save(self) -> None:
        if processes.rank() == 0:
            state = {"labels": self._labels()} | {name: part.state_dict() for name, part in self._parts().items()}
            save_checkpoint(self._options.output / CHECKPOINTS, self._step, state)

    def _tell_of_loss(self) -> None:
        if processes.rank():
            return
        saved = last_step(self._options.output / CHECKPOINTS)
        if saved is None:
            logger.warning("stopped at once: there is no checkpoint yet, so %d steps are lost", self._step)
        else:
            lost = self._step - saved
            logger.warning("stopped at once: the last checkpoint is of step %d, %d are lost: %s", saved, lost, _GO_ON)

    def _draw_sample(self, batches: Batches) -> None:
        if processes.rank() == 0:
            picture = self._stage.sample(self._average.networks, self._on_device(batches.batch(0)))
            if picture is not None:
                save_sheet(picture, self._options.output / SAMPLES / f"step_{self._step:09d}.jpg")

    def _labels(self) -> dict[str, Any]:
        settings = json.dumps(asdict(self._recipe), sort_keys=True)
        own = {"model": self._recipe.model, "stage": self._recipe.stage, "seed": self._seed, "recipe": settings}
        return own | {"processes": processes.count(), "data": self._data}

    def _adams(self) -> dict[str, Optimizer]:
        both = {"networks": self._optimizer, "critics": self._critic_optimizer}
        return {name: adam for name, adam in both.items() if adam is not None}

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
        moved = {name: value.to(self._options.device) for name, value in batch.items()}
        return {name: value.float() / 255 if name in _PICTURES else value for name, value in moved.items()}

    def _precision(self) -> AbstractContextManager[Any]:
        on = self._recipe.precision == "bfloat16"
        return torch.autocast(self._options.device.type, torch.bfloat16, enabled=on)


def _adam(groups: list[dict[str, Any]], recipe: Recipe) -> Optimizer | None:
    return Adam(groups, lr=recipe.optimizer.lr, betas=recipe.optimizer.betas, fused=True) if groups else None
