"""Checkpoints: everything a run needs to go on as if it had not stopped."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import torch

from ..errors import InputError, MissingFileError, WeightsError
from ..media.output_file import temporary_beside

_KEPT = 2
_NAME = "step_{:09d}.pt"
_PATTERN = re.compile(r"step_(\d+)\.pt")


def save_checkpoint(folder: Path, step: int, state: dict[str, Any]) -> Path:
    """Write the state after a step; the file appears whole or not at all, and only the last two stay.

    Raises:
        InputError: it cannot be written.
    """
    path = folder / _NAME.format(step)
    part = temporary_beside(path)
    try:
        torch.save({"step": step, **state}, part)
        part.replace(path)
    except (OSError, RuntimeError) as error:  # torch's writer tells of a full disk by the latter
        raise InputError(f"the checkpoint '{path}' cannot be written: {_first_line(error)}") from error
    finally:
        part.unlink(missing_ok=True)
    for old in checkpoints(folder)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path


def check_writable(folder: Path) -> None:
    """Make a folder, and write something into it: better now than after hundreds of steps.

    Raises:
        InputError: that cannot be done.
    """
    part = temporary_beside(folder / _NAME.format(0))
    try:
        part.touch()
        part.unlink()
    except OSError as error:
        raise InputError(f"the folder '{folder}' cannot be written to: {error.strerror or error}") from error


def check_there(folder: Path) -> None:
    """A folder must hold a checkpoint.

    Raises:
        MissingFileError: it does not.
    """
    if not checkpoints(folder):
        raise MissingFileError(f"there is no checkpoint (step_*.pt) in '{folder}' to resume from")


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """Read the last checkpoint of a folder; only tensors and plain values are accepted.

    Raises:
        MissingFileError: there is none.
        WeightsError: the file is damaged or holds something else.
    """
    check_there(folder)
    found = checkpoints(folder)
    path = found[-1]
    advice = f"; remove it to go on from '{found[-2].name}'" if len(found) > 1 else ""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsError(f"'{path}' cannot be read as a checkpoint: {_first_line(error)}{advice}") from error
    if not isinstance(state, dict) or "step" not in state:
        raise WeightsError(f"'{path}' is not a checkpoint of train.py{advice}")
    return state


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a folder, by their steps."""
    files = folder.iterdir() if folder.is_dir() else ()
    found = ((_PATTERN.fullmatch(path.name), path) for path in files)
    return [path for _, path in sorted((int(match[1]), path) for match, path in found if match)]


def last_step(folder: Path) -> int | None:
    """The step after which the last checkpoint of a folder was saved; None if there is none."""
    found = checkpoints(folder)
    match = _PATTERN.fullmatch(found[-1].name) if found else None
    return int(match[1]) if match else None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
