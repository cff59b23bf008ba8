"""Sets of weights that are compared: the model by its name, or folders with files of the compact model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..config.model_config import load_model_config
from ..errors import InputError, MissingFileError
from ..weights.catalogue import MODELS
from ..weights.ledger import sha256_of
from ..weights.resolve import ResolvedModel, resolve_model
from .methods import BASELINES

_FOLDERS_OF = "compact"


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


def weight_sets(model: str, weights: Path | None, baselines: Sequence[Path]) -> list[WeightSet]:
    """The weights in question first, then those they are compared with.

    Args:
        model: name of the model, where no folder is given.
        weights: folder with files of the compact model; None = the model by its name.
        baselines: more such folders.

    Raises:
        MissingFileError: a folder lacks a file, or there is none.
        InputError: there is no such model, or a folder is given for another one than the compact.
        WeightsError: the model's files are missing and cannot be fetched.
    """
    if weights is not None and model != _FOLDERS_OF:
        raise InputError(
            f"--weights names a folder of the compact model, and --model {model} has files of its own: leave one out"
        )
    folders = [*([weights] if weights is not None else []), *baselines]
    sets = [] if weights is not None else [WeightSet(model, resolve_model(model))]
    taken = [*(given.name for given in sets), *(baseline.name for baseline in BASELINES)]
    names = _short_names(folders, taken)
    return sets + [WeightSet(name, folder_model(folder)) for name, folder in zip(names, folders, strict=True)]


def folder_model(folder: Path) -> ResolvedModel:
    """A folder with the files of the compact model, as training writes them.

    Raises:
        MissingFileError: a file is not there.
    """
    files = {role: folder / Path(file.path).name for role, file in MODELS[_FOLDERS_OF].files.items()}
    missing = [path.name for path in files.values() if not path.is_file()]
    if missing:
        raise MissingFileError(f"'{folder}' is no folder with compact weights: it has no {', '.join(missing)}")
    return ResolvedModel(_FOLDERS_OF, folder, files, load_model_config(_FOLDERS_OF))


def _short_names(folders: Sequence[Path], taken: Sequence[str]) -> list[str]:
    """The last parts of paths, as many as it takes to tell them apart and from other names."""
    paths = [folder.resolve() for folder in folders]
    for count in range(1, max((len(path.parts) for path in paths), default=0) + 1):
        names = [Path(*path.parts[-count:]).as_posix() for path in paths]
        if len({*names, *taken}) == len(names) + len(taken):
            return names
    return [f"{path.as_posix()} ({number})" for number, path in enumerate(paths, 1)]
