"""From a request to trained weights: recipe, data, stage, trainer, export."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import torch

from ..engine.device import resolve_device
from ..errors import InputError
from . import processes
from .create_stage import batches_of, create_stage
from .data.index import read_index
from .data.tracks import Track, read_tracks
from .recipe import Recipe, load_recipe
from .trainer import Progress, RunOptions, Trainer

logger = logging.getLogger(__name__)

_CHECKPOINTS, _WEIGHTS = "checkpoints", "weights"


@dataclass(frozen=True)
class RunRequest:
    """What `train.py` can be told; see there for what each means."""

    data: Path
    steps: int
    config: str = "compact"
    stage: Literal[1, 2] = 1
    output: Path | None = None
    init: str | None = None
    resume: bool = False
    seed: int = 0
    device: str = "auto"
    precision: Literal["recipe", "float32", "bfloat16"] = "recipe"
    sources: int | None = None
    size: int | None = None
    accumulate: int | None = None
    lr: float | None = None
    cooldown: float | None = None
    backbone: str | None = None
    identity: Path | None = None
    save_memory: bool = False
    workers: int = 0
    threads: int = 0
    log_every: int = 50
    sample_every: int = 1000
    save_every: int = 500
    stop_after: float | None = None


def train(request: RunRequest, progress: Progress | None = None) -> list[Path]:
    """Train as requested.

    Args:
        request: what and how.
        progress: told of the steps that are done.

    Returns:
        Files of the weights; none if the run was left before its end, or in a process that is not the first.

    Raises:
        InputError: an option that cannot be used, a data folder without shots to train on, or an output folder that
            holds another run.
        MissingFileError: no such recipe, data or checkpoint.
        WeightsError: weights to begin with that cannot be used.
        DivergedError: the loss is no number any more.
    """
    _check(request)
    recipe = _recipe(request)
    device = resolve_device(request.device)
    output = request.output or Path("runs") / f"{Path(request.config).stem}_stage{request.stage}"
    _check_output(output / _CHECKPOINTS, request.resume)
    tracks = _tracks(request.data)
    with processes.together(device):
        _set_threads(request.threads)
        torch.manual_seed(request.seed)
        stage = create_stage(recipe, request.init, identity=request.identity, save_memory=request.save_memory)
        trainer = Trainer(stage, recipe, _options(request, output, device), request.seed)
        if request.resume:
            trainer.resume(output / _CHECKPOINTS)
        kind = batches_of(recipe)
        done = trainer.run(lambda first: kind(tracks, recipe.data, request.seed, first, processes.rank()), progress)
        if not done:
            logger.warning(
                "left after step %d of %d: the same command with --resume goes on", trainer.step, request.steps
            )
        if processes.rank() or not done:
            return []
        return trainer.export(output / _WEIGHTS)


def _check(request: RunRequest) -> None:
    least = {"steps": 1, "workers": 0, "threads": 0, "log_every": 1, "sample_every": 0, "save_every": 1}
    for name, value in least.items():
        if (given := getattr(request, name)) < value:
            raise InputError(f"--{name} must be {value} or more, got {given}")
    for name in ("sources", "size", "accumulate", "lr", "stop_after"):
        given = getattr(request, name)
        if given is not None and not given > 0:
            raise InputError(f"--{name} must be more than 0, got {given}")
    if request.cooldown is not None and not 0 <= request.cooldown <= 1:
        raise InputError(f"--cooldown must be a share of the steps, 0 to 1, got {request.cooldown}")


def _recipe(request: RunRequest) -> Recipe:
    """The recipe of the file, changed as the request says."""
    recipe = load_recipe(request.config, request.stage)
    data = {name: value for name in ("sources", "size") if (value := getattr(request, name)) is not None}
    optimizer = {
        name: value for name in ("lr", "cooldown", "accumulate") if (value := getattr(request, name)) is not None
    }
    recipe = replace(recipe, data=replace(recipe.data, **data), optimizer=replace(recipe.optimizer, **optimizer))
    if request.precision != "recipe":
        recipe = replace(recipe, precision=request.precision)
    return recipe if request.backbone is None else replace(recipe, backbone=request.backbone)


def _check_output(checkpoints: Path, resume: bool) -> None:
    if not resume and checkpoints.is_dir() and any(checkpoints.glob("step_*.pt")):
        raise InputError(f"'{checkpoints.parent}' holds a run already: go on with --resume, or choose another --output")


def _tracks(data: Path) -> list[Track]:
    rows = read_index(data)
    paths = [row.path(data) for row in rows if row.split == "train"]
    if not any(row.split == "train" and row.kind == "clip" for row in rows):
        raise InputError(f"'{data}' holds no clip to train on: {len(rows)} shots, {len(paths)} of the split train")
    tracks = read_tracks(paths)
    logger.info("training on %d shots, %d frames", len(tracks), sum(map(len, tracks)))
    return tracks


def _options(request: RunRequest, output: Path, device: torch.device) -> RunOptions:
    return RunOptions(
        steps=request.steps,
        output=output,
        device=device,
        workers=request.workers,
        log_every=request.log_every,
        sample_every=request.sample_every,
        save_every=request.save_every,
        stop_after=None if request.stop_after is None else request.stop_after * 60,
    )


def _set_threads(threads: int) -> None:
    """Several processes with several threads each would wait for one another at every barrier."""
    if threads or processes.count() > 1:
        torch.set_num_threads(threads or 1)
    cv2.setNumThreads(1)
