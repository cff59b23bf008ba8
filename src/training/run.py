"""From options to trained weights: recipe, data, stage, trainer, export."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path

import torch

from ..engine.device import resolve_device
from ..errors import InputError
from ..weights.catalogue import MODELS
from ..weights.folder import weights_root
from ..weights.paths import shipped_weights_dir
from . import processes
from .beginning import weights_folder
from .checkpoint import check_there, check_writable, checkpoints, last_step
from .create_stage import DISTILLING, batches_of, create_stage, teacher_of
from .data.index import read_index
from .data.tracks import Track, read_tracks
from .options import TrainOptions
from .recipe import Recipe, load_recipe
from .trainer import CHECKPOINTS, SAMPLES, Progress, RunOptions, Trainer

logger = logging.getLogger(__name__)

_WEIGHTS = "weights"  # in the output folder


def train(options: TrainOptions, progress: Progress | None = None) -> list[Path]:
    """Train, and export what was learnt.

    Args:
        options: what, on what, where to, and how.
        progress: told of the steps that are done.

    Returns:
        Files of the weights; none if the run was left before its end, or in a process that is not the first.

    Raises:
        InputError: an option that cannot be used, a data folder without shots to train on, an output folder that
            holds another run or one that is past the steps, or a folder for the weights that cannot be written to.
        MissingFileError: no such recipe, data or checkpoint.
        WeightsError: weights to begin with that cannot be used, or a run that went astray.
        DivergedError: losses or gradients are no numbers any more.
        KeyboardInterrupt: Ctrl-C or SIGTERM; see `Trainer.run`.
    """
    _check(options)
    recipe, device = _recipe(options), _device(options.device)
    output = (options.output or Path("runs") / f"{Path(options.config).stem}_stage{options.stage}").expanduser()
    _check_output(output, options.resume, options.steps)
    export = output / _WEIGHTS if options.export is None else options.export.expanduser()
    paths = _shots(options.data.expanduser())
    with processes.together(device):
        torch.manual_seed(options.seed)
        stage = create_stage(recipe, options.init, identity=options.identity, save_memory=options.save_memory)
        teacher = teacher_of(recipe, options.init)
        inner = _inner_folder(export, recipe.model)
        _spare_teacher(inner, recipe, options.init)
        for folder in (inner, output / CHECKPOINTS):  # late: they are made, and a run that is refused leaves nothing
            check_writable(folder)
        tracks = read_tracks(paths)  # last: it takes its time
        run = _run_options(options, output, device)
        trainer = Trainer(stage, recipe, run, options.seed, _fingerprint(tracks), teacher)
        if options.resume:
            trainer.resume(output / CHECKPOINTS)
        logger.info("training on %d shots, %d frames", len(tracks), sum(map(len, tracks)))
        kind = batches_of(recipe)
        if not trainer.run(lambda first: kind(tracks, recipe.data, options.seed, first, processes.rank()), progress):
            return []
        return [] if processes.rank() else trainer.export(export)


def _check(options: TrainOptions) -> None:
    least = {"steps": 1, "seed": 0, "workers": 0, "threads": 0, "log_every": 1, "sample_every": 0, "save_every": 1}
    for name, value in least.items():
        if (given := getattr(options, name)) < value:
            raise InputError(f"--{name} must be {value} or more, got {given}")
    for name in ("sources", "size", "accumulate", "lr", "stop_after"):
        given = getattr(options, name)
        if given is not None and not given > 0:
            raise InputError(f"--{name} must be more than 0, got {given}")
    if options.cooldown is not None and not 0 <= options.cooldown <= 1:
        raise InputError(f"--cooldown must be a share of the steps, 0 to 1, got {options.cooldown}")


def _recipe(options: TrainOptions) -> Recipe:
    """The recipe of the file, changed as the options say."""
    recipe = load_recipe(options.config, options.stage)
    data = {name: value for name in ("sources", "size") if (value := getattr(options, name)) is not None}
    optimizer = {
        name: value for name in ("lr", "cooldown", "accumulate") if (value := getattr(options, name)) is not None
    }
    recipe = replace(recipe, data=replace(recipe.data, **data), optimizer=replace(recipe.optimizer, **optimizer))
    if options.precision != "recipe":
        recipe = replace(recipe, precision=options.precision)
    return recipe if options.backbone is None else replace(recipe, backbone=options.backbone)


def _device(name: str) -> torch.device:
    """The device; of several processes on GPUs each takes one of its own."""
    if processes.started() > 1 and name.partition(":")[2]:
        raise InputError(f"--device {name} would put all {processes.started()} processes on one GPU: say cuda")
    return resolve_device(name, processes.local_rank())


def _check_output(output: Path, resume: bool, steps: int) -> None:
    if resume:
        check_there(output / CHECKPOINTS)
        if (done := last_step(output / CHECKPOINTS) or 0) > steps:
            raise InputError(
                f"the run in '{output}' has done {done} steps already, more than --steps {steps}: give more --steps to "
                "prolong it"
            )
    elif checkpoints(output / CHECKPOINTS):
        raise InputError(f"'{output}' holds a run already: go on with --resume, or choose another --output")
    for folder in (output, *(output / name for name in (CHECKPOINTS, SAMPLES, _WEIGHTS))):
        if folder.exists() and not folder.is_dir():
            raise InputError(f"'{folder}' must be a folder and is a file: remove it, or choose another --output")


def _inner_folder(export: Path, model: str) -> Path:
    """Where a model's files lie in a weights folder; not in that of the project, by whatever name it is called."""
    within = Path(next(iter(MODELS[model].files.values())).path).parts[0]
    shipped = shipped_weights_dir() / within
    root = weights_root(export, [MODELS[model]])
    if (root / within).resolve() == shipped.resolve():
        raise InputError(f"--export would write over the project's own weights in '{shipped}': choose another folder")
    if root != export:
        raise InputError(
            f"--export '{export}' lies within a weights folder: give '{root}', in which '{within}' is made"
        )
    return export / within


def _spare_teacher(inner: Path, recipe: Recipe, init: str | None) -> None:
    """What a stage is taught by must stay, or the run could not be resumed."""
    if init is None or (recipe.model, recipe.stage) != DISTILLING:
        return
    teacher = weights_folder(recipe.model, init) / inner.name
    if teacher.resolve() == inner.resolve():
        raise InputError(
            f"--export would write over the G of '{init}', which stage 4 is taught by: choose another folder"
        )


def _shots(data: Path) -> list[Path]:
    """Files of the shots that are trained on."""
    rows = read_index(data)
    paths = [row.path(data) for row in rows if row.split == "train"]
    if not any(row.split == "train" and row.kind == "clip" for row in rows):
        raise InputError(f"'{data}' holds no clip to train on: {len(rows)} shots, {len(paths)} of the split train")
    return paths


def _fingerprint(tracks: list[Track]) -> str:
    """A short name for the data: names and lengths of the shots."""
    text = "\n".join(sorted(f"{track.path.name} {len(track)}" for track in tracks))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _run_options(options: TrainOptions, output: Path, device: torch.device) -> RunOptions:
    return RunOptions(
        steps=options.steps,
        output=output,
        device=device,
        workers=options.workers,
        log_every=options.log_every,
        sample_every=options.sample_every,
        save_every=options.save_every,
        stop_after=None if options.stop_after is None else options.stop_after * 60,
    )
