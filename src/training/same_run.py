"""Whether a run that goes on is still the run that it was."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import InputError
from . import processes
from .recipe import Recipe

logger = logging.getLogger(__name__)

_NOTHING = "nothing"


def labels(recipe: Recipe, seed: int, data: str, teacher: str = "") -> dict[str, Any]:
    """What a run is known by, as a checkpoint keeps it.

    Args:
        recipe: of the run.
        seed: of its chance.
        data: name for its data.
        teacher: name for the weights that it is taught by; empty for none.
    """
    own = {"model": recipe.model, "stage": recipe.stage, "seed": seed, "recipe": _as_json(recipe)}
    return own | {"processes": processes.count(), "data": data, "teacher": teacher}


def compare(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    """Say in a warning what is different; model, stage and seed must be the same.

    A setting that an older checkpoint does not know yet had its default; a loss that it does not know, no weight.

    Args:
        before: labels of the checkpoint: model, stage, seed, recipe (JSON), processes, data, teacher.
        now: those of the run that goes on.
        folder: of the checkpoint, for the message.

    Raises:
        InputError: it is of another model, stage or seed.
    """
    for name in ("model", "stage", "seed"):
        if before.get(name) != now[name]:
            raise InputError(f"'{folder}' holds a run with {name} {before.get(name)!r}, not {now[name]!r}")
    old, new = (json.loads(of.get("recipe", "{}")) for of in (before, now))
    other = differences(_filled(old, new), _filled(new, old))
    other += differences({"processes": before.get("processes")}, {"processes": now["processes"]})
    if before.get("data") != now["data"]:  # names that say nothing to anybody
        other.append("data: other shots")
    teacher = now.get("teacher")
    if before.get("teacher", teacher) != teacher:  # older checkpoints do not know theirs
        other.append("init: other weights")
    if other:
        logger.warning("this is not the same run any more: %s", ", ".join(other))


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Settings that are not the same, such as ``data.sources: 2 -> 8``, in the order of the later run.

    Args:
        before: settings by name; groups of them may be mappings again.
        now: the same of the later run; a setting that only one of both has is "nothing" in the other.
    """
    old, new = _flat(before), _flat(now)
    return [
        f"{name}: {old.get(name, _NOTHING)} -> {new.get(name, _NOTHING)}"
        for name in {**new, **old}
        if name not in old or name not in new or old[name] != new[name]
    ]


def _as_json(recipe: Recipe) -> str:
    return json.dumps(asdict(recipe), sort_keys=True)


def _filled(settings: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their full names, with what is missing: defaults, and a weight of 0 for losses of the other run."""
    defaults = json.loads(_as_json(Recipe(model="")))
    losses = {"losses": dict.fromkeys(other.get("losses", {}), 0.0)}
    return _flat(defaults) | _flat(losses) | _flat(settings)


def _flat(settings: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{within}{name}.") if isinstance(value, Mapping) else {f"{within}{name}": value}
    return flat
