"""The options that decide who is held out, as a training folder remembers them; and who leaves that side after all."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from ..data.index import IndexRow, Split
from .options import IdentityFrom, LabelOptions

_NAMES = ("labels", "identity_from", "held_out", "held_out_share", "seed")


def as_json(about: LabelOptions) -> dict[str, Any]:
    """What is remembered of the options; the table's path is a whole one, since a later run may begin elsewhere."""
    content = {name: getattr(about, name) for name in _NAMES}
    if about.labels:
        content["labels"] = str(Path(about.labels).expanduser().absolute())
    return content


def from_json(content: object) -> LabelOptions:
    """The options that `as_json` remembered; what it does not name was not given.

    Raises:
        ValueError: it is nothing that `as_json` makes; the message says what is wrong.
    """
    if not isinstance(content, dict):
        raise ValueError("no JSON object")
    kept = {name: value for name in _NAMES if (value := content.get(name)) is not None}
    for name, value in kept.items():
        if not _is_fit(name, value):
            raise ValueError(f"{name} is {value!r}")
    if "held_out" in kept:
        kept["held_out"] = tuple(kept["held_out"])  # JSON has no tuples
    return LabelOptions(**kept)


def taken_over(about: LabelOptions, before: LabelOptions) -> LabelOptions:
    """What a run takes from those before it: the options that it does not give itself."""
    return LabelOptions(**_missing(about, before))


def with_remembered(about: LabelOptions, before: LabelOptions) -> LabelOptions:
    """The options of a run, each that it does not give as it was before."""
    return replace(about, **_missing(about, before))


def in_words(about: LabelOptions) -> str:
    """The options as one would give them, such as ``--identity_from folder --held_out grace``; not those that are 0."""
    words: list[str] = []
    for name in _NAMES:
        value = getattr(about, name)
        if value:
            words += [f"--{name}", *(value if isinstance(value, tuple) else [str(value)])]
    return shlex.join(words)


def leaving(
    rows: Iterable[IndexRow], split_now: Callable[[str], Split | None], trained: Collection[str]
) -> dict[str, int]:
    """Who was held out and is trained on from now on: by the file, or by the identity, since files are moved.

    Args:
        rows: of the index so far.
        split_now: from a file's name to its side in this run; None for one that is no longer there.
        trained: labels of all people who are trained on in this run.

    Returns:
        Identities by the index so far, in order, and how many of their shots go over.
    """
    found: dict[str, int] = {}
    for row in rows:
        if row.split == "held_out" and (split_now(row.source) == "train" or _labels_of(row.identity) & set(trained)):
            found[row.identity] = found.get(row.identity, 0) + 1
    return dict(sorted(found.items()))


def _missing(about: LabelOptions, before: LabelOptions) -> dict[str, Any]:
    return {name: getattr(before, name) for name in _NAMES if getattr(about, name) is None}


def _labels_of(identity: str) -> set[str]:
    """The labels that an identity of the index may stand for: one of several people in a file is "label#1"."""
    label, _, number = identity.rpartition("#")
    return {identity, label} if label and number.isdecimal() else {identity}


def _is_fit(name: str, value: object) -> bool:
    if name == "held_out":
        return isinstance(value, list) and all(isinstance(identity, str) for identity in value)
    if name == "identity_from":
        return value in get_args(IdentityFrom)
    if name == "labels":
        return isinstance(value, str)
    if isinstance(value, bool):  # which is a number in Python
        return False
    return isinstance(value, int) if name == "seed" else isinstance(value, int | float) and 0 <= value <= 1
