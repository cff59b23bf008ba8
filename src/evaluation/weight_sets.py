"""Sets of weights that are compared: the model by its name, or weights folders with files of the compact model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, MissingFileError
from ..weights.catalogue import MODELS
from ..weights.folder import files_within, weights_root
from ..weights.ledger import sha256_of
from ..weights.paths import shipped_weights_dir
from ..weights.resolve import ResolvedModel, resolve_model
from .methods import BASELINES

_FOLDERS_OF = "compact"
# Names that say nothing of a folder: those of other rows, and the one that every training run gives its weights.
_TAKEN = {*MODELS, *(baseline.name for baseline in BASELINES), "weights"}


@dataclass(frozen=True)
class WeightSet:
    """Weights that are measured.

    Attributes:
        name: as it stands in the tables.
        model: files and definition.
    """

    name: str
    model: ResolvedModel

    @property
    def sha256(self) -> dict[str, str]:
        """Name of a file -> its SHA-256."""
        return {path.name: sha256_of(path) for path in self.model.files.values()}

    @property
    def shipped(self) -> list[str]:
        """Names of the files that are those of the project: all of them, or what a folder lacks."""
        place = shipped_weights_dir().resolve()
        return [path.name for path in self.model.files.values() if place in path.resolve().parents]


def weight_sets(model: str, weights: Path | None, baselines: Sequence[Path]) -> list[WeightSet]:
    """The weights in question first, then those they are compared with.

    Args:
        model: name of the model, where no folder is given.
        weights: weights folder with files of the compact model, or the ``compact`` in it; networks that it lacks are
            those that ship. None = the model by its name.
        baselines: more such folders.

    Raises:
        MissingFileError: a folder holds no weights of the compact model, or is not there.
        InputError: there is no such model, or a folder is given for another one than the compact.
        WeightsError: the model's files are missing and cannot be fetched.
    """
    if weights is not None and model != _FOLDERS_OF:
        raise InputError(
            f"--weights names a folder of the compact model, and --model {model} has files of its own: leave one out"
        )
    models = [folder_model(folder) for folder in [*([weights] if weights is not None else []), *baselines]]
    sets = [] if weights is not None else [WeightSet(model, resolve_model(model))]
    names = _short_names([given.folder for given in models])
    return sets + [WeightSet(name, given) for name, given in zip(names, models, strict=True)]


def folder_model(folder: Path) -> ResolvedModel:
    """The compact model with the weights of a folder, as training writes them; what it lacks is what ships.

    Raises:
        MissingFileError: the folder holds none.
        WeightsError: what it lacks does not lie with the project either.
    """
    entry = MODELS[_FOLDERS_OF]
    root = weights_root(folder, [entry])
    if not files_within(entry, root):
        names = ", ".join(file.path for file in entry.files.values())
        raise MissingFileError(f"'{folder}' is no folder with compact weights: it holds none of {names}")
    return resolve_model(_FOLDERS_OF, root)


def _short_names(folders: Sequence[Path]) -> list[str]:
    """The last parts of each path, as many as it takes to tell it apart from the others and from other rows."""
    paths = [folder.resolve() for folder in folders]
    return [_short_name(number, paths) for number in range(len(paths))]


def _short_name(number: int, paths: Sequence[Path]) -> str:
    path, others = paths[number], [*paths[:number], *paths[number + 1 :]]
    for count in range(1, len(path.parts) + 1):
        name = Path(*path.parts[-count:]).as_posix()
        if name not in _TAKEN and all(path.parts[-count:] != other.parts[-count:] for other in others):
            return name
    return f"{path.as_posix()} ({number + 1})"
