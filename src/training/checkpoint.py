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
        part.unlink(missing_ok=True)
        raise InputError(f"the checkpoint '{path}' cannot be written: {_first_line(error)}") from error
    for old in checkpoints(folder)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """Read the last checkpoint of a folder; only tensors and plain values are accepted.

    Raises:
        MissingFileError: there is none.
        WeightsError: the file is damaged or holds something else.
    """
    found = checkpoints(folder)
    if not found:
        raise MissingFileError(f"there is no checkpoint (step_*.pt) in '{folder}' to resume from")
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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
