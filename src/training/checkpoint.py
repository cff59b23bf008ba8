"""Checkpoints: everything a run needs to go on as if it had not stopped."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import torch

from ..errors import MissingFileError, WeightsError

_KEPT = 2
_SUFFIX = ".pt"
_NAME = "step_{:09d}.pt"
_PATTERN = re.compile(r"step_(\d{9})\.pt")


def save_checkpoint(folder: Path, step: int, state: dict[str, Any]) -> Path:
    """Write the state after a step; the file appears whole or not at all, and only the last two stay."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _NAME.format(step)
    part = path.with_suffix(".part")
    torch.save({"step": step, **state}, part)
    part.replace(path)
    for _, old in _checkpoints(folder)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint, or the last one of a folder; only tensors and plain values are accepted.

    Raises:
        MissingFileError: there is none.
        WeightsError: the file is damaged or holds something else.
    """
    if path.suffix != _SUFFIX:
        found = _checkpoints(path)
        if not found:
            raise MissingFileError(f"there is no checkpoint (step_*.pt) in '{path}' to resume from")
        path = found[-1][1]
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(f"'{path}' cannot be read as a checkpoint: {reason}") from error
    if not isinstance(state, dict) or "step" not in state:
        raise WeightsError(f"'{path}' is not a checkpoint of train.py")
    return state


def _checkpoints(folder: Path) -> list[tuple[int, Path]]:
    files = folder.iterdir() if folder.is_dir() else ()
    found = ((_PATTERN.fullmatch(path.name), path) for path in files)
    return sorted((int(match[1]), path) for match, path in found if match)
