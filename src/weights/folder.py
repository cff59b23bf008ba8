"""Weights folders: which one a user means, and what lies in it.

A weights folder holds ``compact/``, ``liveportrait/`` and the like, as the paths of the catalogue say. Whoever names
one of these inner folders means the folder around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from .catalogue import FACE_MODELS, MODELS, ModelEntry
from .ledger import Ledger
from .paths import is_there

_SUFFIXES = (".safetensors", ".pth")  # of the files of networks, the preferred one first


def weights_root(named: Path, entries: Iterable[ModelEntry]) -> Path:
    """The weights folder that is meant.

    Args:
        named: a weights folder, or the folder within one in which a network of the models lies, such as
            ``weights/compact``.
        entries: the models, the likeliest first.

    Returns:
        The folder around `named` if that is such an inner folder, else `named`.
    """
    entries = tuple(entries)
    if any(files_within(entry, named) for entry in entries):
        return named
    for entry in entries:
        for file in entry.files.values():
            parts = Path(file.path).parts
            for depth in range(1, len(parts)):
                if existing_file(named.joinpath(*parts[depth:])) and (root := _around(named, parts[:depth])):
                    return root
    return named


def files_within(entry: ModelEntry, folder: Path) -> dict[str, Path]:
    """The files of a model that lie in a weights folder, by role."""
    found = {role: existing_file(folder / file.path) for role, file in entry.files.items()}
    return {role: path for role, path in found.items() if path is not None}


def existing_file(path: Path) -> Path | None:
    """A file of the catalogue as it lies there: ``.safetensors``, converted or not, comes before ``.pth``."""
    suffixes = _SUFFIXES if path.suffix in _SUFFIXES else (path.suffix,)
    candidates = (path.with_suffix(suffix) for suffix in suffixes)
    return next((file for file in candidates if is_there(file) and file.is_file()), None)


def is_in_use(folder: Path, models: Mapping[str, ModelEntry] = MODELS) -> bool:
    """Tell whether files of any model lie in a weights folder, or its ledger knows one that was fetched into it."""
    entries = (*models.values(), *FACE_MODELS.values())
    if any(files_within(entry, folder) for entry in entries):
        return True
    ledger = Ledger(folder)  # one that knows no file is what an attempt that failed leaves
    return any(ledger.pinned(file.path) is not None for entry in entries for file in entry.files.values())


def holds_weights(folder: Path) -> bool:
    """Tell whether files that look like weights, of whatever model, lie in a folder or in the folders within it."""
    with suppress(OSError):
        return any(
            path.is_file()
            for level in ("", "*/", "*/*/")
            for end in _SUFFIXES
            for path in folder.glob(f"{level}*{end}")
        )
    return False


def _around(named: Path, last: tuple[str, ...]) -> Path | None:
    """What is left of a path without its last parts; None if they are others."""
    for path in (named, named.resolve()):  # as it is written first: a folder of that name may be a link
        if path.parts[-len(last) :] == last:
            return path.parents[len(last) - 1]
    return None
