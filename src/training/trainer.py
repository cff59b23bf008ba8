"""The loop: batches, gradients, averages, logs, samples, checkpoints."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import InputError, LivePortraitError
from . import processes
from .checkpoint import last_step
from .data.batches import Batch, Batches, load
from .interrupt import StopRequest, stop_request
from .log import CsvLog
from .recipe import Recipe
from .run_state import RunState
from .same_run import labels
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
        teacher: name for the weights that the stage is taught by, likewise.
    """

    def __init__(
        self, stage: Stage, recipe: Recipe, options: RunOptions, seed: int, data: str = "", teacher: str = ""
    ) -> None:
        self._stage, self._recipe, self._options, self._seed = stage, recipe, options, seed
        stage.networks.to(options.device)
        stage.critics.to(options.device)
        self._state = RunState(stage, recipe, labels(recipe, seed, data, teacher))

    @property
    def step(self) -> int:
        """Steps that are done."""
        return self._state.step

    def resume(self, folder: Path) -> None:
        """Go on from the last checkpoint of a folder.

        A recipe, data, weights that the stage is taught by or number of processes that are not those of the checkpoint
        are told of in a warning: a run may be prolonged with other losses, but it is another run then.

        Raises:
            MissingFileError: there is none.
            WeightsError: it is damaged, or of networks of another shape.
            InputError: it is of another model, stage or seed.
        """
        self._state.resume(folder)

    def run(self, batches: Callable[[int], Batches], progress: Progress | None = None) -> bool:
        """Train until the steps are done, the time is up, or somebody asks for an end by Ctrl-C or SIGTERM.

        Args:
            batches: from the first batch's number to the batches from there on.
            progress: told of the steps that are done.

        Returns:
            Whether all steps are done; if not, `resume` goes on.

        Raises:
            DivergedError: losses or gradients are no numbers any more; the last checkpoint is from before.
            InputError: a file cannot be read or written; what was learnt until then is saved if it can be.
            KeyboardInterrupt: any of the processes was asked for an end, and this is the first one, which saves (others
                return): after the first time all is saved, as when the time is up. Or this process was asked twice:
                then there is only what the last checkpoint holds.
        """
        if self._state.step >= self._options.steps:
            logger.warning("step %d was done before: nothing is left to train, give more --steps", self._state.step)
        elif self._state.step:
            logger.info("going on after step %d", self._state.step)
        with stop_request(quiet=processes.rank() > 0) as stop:
            try:
                done, asked = self._train(batches, progress, stop)
            except KeyboardInterrupt:
                self._tell_of_loss()
                raise
        if not done:
            logger.warning("left after step %d of %d: %s", self._state.step, self._options.steps, _GO_ON)
            if asked and processes.rank() == 0:  # torchrun ends all others when one fails: the first one saves
                raise KeyboardInterrupt
        return done

    def _train(
        self, batches: Callable[[int], Batches], progress: Progress | None, stop: StopRequest
    ) -> tuple[bool, bool]:
        """Whether all steps are done, and whether any process was asked for an end."""
        options, accumulate, state = self._options, self._recipe.optimizer.accumulate, self._state
        source = load(batches(state.step * accumulate), options.workers)
        log, began = CsvLog(options.output / "log.csv", options.log_every, after=state.step), time.monotonic()
        asked = False
        self._stage.networks.train()
        while state.step < options.steps:
            terms = self._one_step([self._on_device(batch) for batch in self._next(source, accumulate)])
            state.step += 1
            if processes.rank() == 0:
                log.add(state.step, terms)
            if progress is not None:
                progress("training", state.step, options.steps)
            late = options.stop_after is not None and time.monotonic() - began > options.stop_after
            late, asked = processes.any_of_us(late, stop.made, device=options.device)
            if late or asked or state.step == options.steps or state.step % options.save_every == 0:
                self._save()
            if options.sample_every and state.step % options.sample_every == 0:
                self._draw_sample(batches(0))
            if late or asked:
                break
        if processes.rank() == 0:
            log.flush()
        return state.step >= options.steps, asked

    def _next(self, source: Iterator[Batch], number: int) -> list[Batch]:
        try:
            return [next(source) for _ in range(number)]
        except (InputError, RuntimeError):  # a damaged shot, a worker that died: what was learnt must not go with it
            self._save()
            raise

    def export(self, folder: Path) -> list[Path]:
        """Write the averaged weights as the product loads them; returns the files."""
        return self._stage.export(self._state.average.networks, folder)

    def _one_step(self, batches: list[Batch]) -> dict[str, float]:
        optimizer, step = self._recipe.optimizer, self._state.step
        factor = rate(step, self._options.steps, optimizer.warmup, optimizer.cooldown)
        sums: dict[str, float] = {}
        # Chance inside of a stage must depend on the step alone, so that a resumed run is the same run.
        chance = np.random.SeedSequence([self._seed, processes.rank(), step])
        torch.manual_seed(int(chance.generate_state(1, np.uint64)[0] >> np.uint64(1)))
        for batch in batches:
            with self._precision():
                losses = self._stage.losses(batch, step)
            values = {name: float(term.detach()) for name, term in (losses.networks | losses.critics).items()}
            if not all(map(math.isfinite, values.values())):  # before the gradients, whose samplers crash on such
                raise DivergedError(f"step {step + 1}: a loss is no number any more ({values}): lower --lr")
            values["total"] = sum(values[name] for name in losses.networks)
            sums = {name: sums.get(name, 0.0) + value / len(batches) for name, value in values.items()}
            for terms in (losses.networks, losses.critics):
                if terms:
                    (torch.stack(list(terms.values())).sum() / len(batches)).backward()
        for module, adam in self._state.trained():
            parameters = list(module.parameters())
            processes.average_gradients(parameters)
            norm = float(nn.utils.clip_grad_norm_(parameters, optimizer.gradient_norm))
            if not math.isfinite(norm):
                raise DivergedError(f"step {step + 1}: the gradients are no numbers any more: lower --lr")
            for group in adam.param_groups:
                group["lr"] = optimizer.lr * group["factor"] * factor
            adam.step()
            adam.zero_grad(set_to_none=True)
        processes.average_buffers(self._stage.networks.buffers())
        self._state.average.follow(self._stage.networks, step)
        return sums

    def _save(self) -> None:
        if processes.rank() == 0:
            self._state.save(self._options.output / CHECKPOINTS)

    def _tell_of_loss(self) -> None:
        if processes.rank():
            return
        saved = last_step(self._options.output / CHECKPOINTS)
        lost = _lost(self._state.step - (saved or 0))
        if saved is None:
            logger.warning("stopped at once: there is no checkpoint yet, %s", lost)
        else:
            logger.warning("stopped at once: the last checkpoint is of step %d, %s: %s", saved, lost, _GO_ON)

    def _draw_sample(self, batches: Batches) -> None:
        if processes.rank() == 0:
            picture = self._stage.sample(self._state.average.networks, self._on_device(batches.batch(0)))
            if picture is not None:
                save_sheet(picture, self._options.output / SAMPLES / f"step_{self._state.step:09d}.jpg")

    def _on_device(self, batch: Batch) -> dict[str, Tensor]:
        """A batch on the device, pictures as float32 in 0..1."""
        moved = {name: value.to(self._options.device) for name, value in batch.items()}
        return {name: value.float() / 255 if name in _PICTURES else value for name, value in moved.items()}

    def _precision(self) -> AbstractContextManager[Any]:
        on = self._recipe.precision == "bfloat16"
        return torch.autocast(self._options.device.type, torch.bfloat16, enabled=on)


def _lost(steps: int) -> str:
    return {0: "nothing is lost", 1: "1 step is lost"}.get(steps, f"{steps} steps are lost")
