"""What the log says of the files that a model is loaded from."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from .catalogue import ModelEntry, WeightFile
from .ledger import Ledger, sha256_of
from .paths import shipped_weights_dir

logger = logging.getLogger(__name__)

_QUICKLY_HASHED = 16_000_000  # bytes; below that a hash is not worth keeping


def tell_what_is_taken(entry: ModelEntry, folder: Path, files: Mapping[str, Path]) -> None:
    """Log which model it is, and which of its files are the user's own.

    Weights of a model that ships which lie in another folder are somebody's own, and no cause for alarm.

    Args:
        entry: the model.
        folder: weights folder that was asked.
        files: the files that are taken, by role.
    """
    others = _others(entry, folder, files)
    elsewhere = folder.resolve() != shipped_weights_dir().resolve()
    own = [
        path for role, path in others.items() if elsewhere and entry.files[role].repo is None and folder in path.parents
    ]
    _warn_of([path for path in others.values() if path not in own], entry)
    if own:
        logger.info("model: %s, with weights of your own: %s", entry.name, _quoted(own))
    else:
        logger.info("model: %s, %s (licence of the weights: %s)", entry.name, entry.note, entry.licence)
    shipped = [path.name for path in files.values() if folder not in path.parents]
    if 0 < len(shipped) < len(files):
        those = "not in '%s', so what ships is used (licence: %s): %s"
        logger.info(those, folder, entry.licence, ", ".join(shipped))


def tell_of_others(entry: ModelEntry, folder: Path, files: Mapping[str, Path]) -> None:
    """Warn of files that are not the catalogue's."""
    _warn_of(list(_others(entry, folder, files).values()), entry)


def tell_of_nothing(entry: ModelEntry, folder: Path) -> None:
    """Warn that a folder holds nothing of a model that ships."""
    logger.warning(
        "'%s' holds no weights of %r, so those that ship are used; looked for: %s",
        folder,
        entry.name,
        ", ".join(file.path for file in entry.files.values()),
    )


def _warn_of(paths: list[Path], entry: ModelEntry) -> None:
    if paths:
        logger.warning(
            "not the published files of %r (right if you trained or converted them, else fetch them again): %s",
            entry.name,
            _quoted(paths),
        )


def _others(entry: ModelEntry, folder: Path, files: Mapping[str, Path]) -> dict[str, Path]:
    """The files that are not, by their hash, the catalogue's."""
    ledger = Ledger(folder)
    return {role: path for role, path in files.items() if not _is_catalogued(entry.files[role], path, folder, ledger)}


def _quoted(paths: Iterable[Path]) -> str:
    return ", ".join(f"'{path}'" for path in paths)


def _is_catalogued(file: WeightFile, path: Path, folder: Path, ledger: Ledger) -> bool:
    """Compare a file with its entry: the size first, since that is free, then the hash."""
    if path.name != Path(file.path).name:
        return False  # converted
    expected = file.sha256 or ledger.pinned(file.path)
    size = path.stat().st_size
    if file.size not in (None, size):
        return False
    if expected is None:
        return True  # never published and not fetched by us: nothing to compare with
    if size < _QUICKLY_HASHED or path != folder / file.path:
        return sha256_of(path) == expected
    return ledger.sha256(file.path) == expected
