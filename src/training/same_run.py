"""Whether a run that goes on is still the run that it was."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError

logger = logging.getLogger(__name__)

_NOTHING = "nothing"


def compare(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    """Say what is different; the model, the stage and the seed must not be.

    Args:
        before: labels of the checkpoint: model, stage, seed, recipe (JSON), processes, data.
        now: those of the run that goes on.
        folder: of the checkpoint, for the message.

    Raises:
        InputError: it is of another model, stage or seed.
    """
    for name in ("model", "stage", "seed"):
        if before.get(name) != now[name]:
            raise InputError(f"'{folder}' holds a run with {name} {before.get(name)!r}, not {now[name]!r}")
    other = differences(json.loads(before.get("recipe", "{}")), json.loads(now["recipe"]))
    other += differences({"processes": before.get("processes")}, {"processes": now["processes"]})
    if before.get("data") != now["data"]:  # names that say nothing to anybody
        other.append("data: other shots")
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


def _flat(settings: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{within}{name}.") if isinstance(value, Mapping) else {f"{within}{name}": value}
    return flat
