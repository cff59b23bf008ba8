"""The options that decide who is held out, as a training folder remembers them; and who leaves that side after all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

from ..data.index import IndexRow, Split
from .options import LabelOptions

_NAMES = ("labels", "identity_from", "held_out", "held_out_share", "seed")
_DEFAULTS = {field.name: field.default for field in fields(LabelOptions) if field.default is not MISSING}


def says_nothing(about: LabelOptions) -> bool:
    """Whether none of the options that decide who is held out was given."""
    return all(getattr(about, name) == _DEFAULTS[name] for name in _NAMES)


def as_json(about: LabelOptions) -> dict[str, Any]:
    """What is remembered of the options; the table's path is a whole one, since a later run may begin elsewhere."""
    content = {name: getattr(about, name) for name in _NAMES}
    if about.labels is not None:
        content["labels"] = str(Path(about.labels).expanduser().absolute())
    return content


def with_remembered(about: LabelOptions, content: Mapping[str, Any]) -> LabelOptions:
    """The options of a run that gives none, as `as_json` remembered them; of a damaged memory what can be used."""
    kept = {name: content[name] for name in _NAMES if name in content}
    if "held_out" in kept:
        kept["held_out"] = tuple(kept["held_out"])  # JSON has no tuples
    return replace(about, **kept)


def in_words(about: LabelOptions) -> str:
    """The options as one would give them, such as ``--identity_from folder --held_out grace``."""
    words = []
    for name in _NAMES:
        value = getattr(about, name)
        if value != _DEFAULTS[name]:
            words.append(f"--{name} {' '.join(value) if isinstance(value, tuple) else value}")
    return " ".join(words)


def leaving(rows: Iterable[IndexRow], split_now: Callable[[str], Split | None]) -> dict[str, int]:
    """Who was held out and is trained on from now on.

    Args:
        rows: of the index so far.
        split_now: from a file's name to its side in this run; None for one that is no longer there.

    Returns:
        Identities by the index so far, in order, and how many of their shots go over.
    """
    found: dict[str, int] = {}
    for row in rows:
        if row.split == "held_out" and split_now(row.source) == "train":
            found[row.identity] = found.get(row.identity, 0) + 1
    return dict(sorted(found.items()))
