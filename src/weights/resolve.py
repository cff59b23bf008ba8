"""From the name of a model to its files on disk, fetched if need be."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config.model_config import load_model_config
from ..errors import InputError, WeightsError
from .catalogue import FACE_MODELS, MODELS, ModelEntry, WeightFile
from .fetch import PATIENT, QUICK, fetch, manual_command
from .folder import files_within, holds_weights, is_in_use, weights_root
from .hub import hub_endpoint, hub_is_offline
from .ledger import Ledger
from .paths import default_weights_dir, is_there, shipped_weights_dir
from .taken import tell_of_nothing, tell_of_others, tell_what_is_taken

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResolvedModel:
    """A model that is ready to be loaded.

    Attributes:
        name: Its name in the catalogue (never "auto").
        folder: The weights folder; where an inner one was named, the one around it.
        files: Name of a network -> its file (``.safetensors`` or ``.pth``).
        config: The definition's ``model_params``.
    """

    name: str
    folder: Path
    files: dict[str, Path]
    config: dict[str, Any]


def resolve_model(
    name: str = "auto",
    weights_dir: Path | None = None,
    *,
    official: str = "base",
    catalogue: Mapping[str, ModelEntry] = MODELS,
) -> ResolvedModel:
    """Find a model's files, fetching official ones that are missing.

    "auto" takes the official model if its files are there, else tries once, quickly, to fetch them, else takes the
    compact model and says so in one line. A failed try is not repeated for a day.

    A ``.safetensors`` file beside (or in place of) a ``.pth`` of the same name is preferred. Files that are not the
    catalogue's are taken, and named in the log: whether they fit shows at strict loading. Of the compact model the
    networks that a folder lacks are those that ship. A folder that holds nothing of any model is warned of, unless it
    is the default one; with "auto", which has its line already, only if it holds weights under other names.

    Args:
        name: "auto" or a name of the catalogue ("base", "compact", "animals").
        weights_dir: Weights folder (see `folder`), or the one within it that holds the networks; None for the default
            one.
        official: The model that "auto" would rather have: "base" or "animals".
        catalogue: Models by name.

    Raises:
        InputError: No such model, or a model that ships is asked for by name and the folder is not there.
        WeightsError: Files are missing and cannot be fetched; the message names them and the command that gets them.
    """
    asked = [official, "compact"] if name == "auto" else [name]
    if not set(asked) <= set(catalogue):
        raise InputError(f"there is no model {name!r}; choose one of: auto, {', '.join(catalogue)}")
    folder = _folder(weights_dir, *(catalogue[each] for each in asked))
    chosen = _choose(folder, official, catalogue) if name == "auto" else name
    entry = catalogue[chosen]
    if _ships(entry):
        _check_folder(folder, entry, catalogue, is_auto=name == "auto")
    files = _ensure(entry, folder)
    tell_what_is_taken(entry, folder, files)
    return ResolvedModel(chosen, folder, files, load_model_config(entry.config or chosen))


def face_model_present(
    name: str, weights_dir: Path | None = None, *, catalogue: Mapping[str, ModelEntry] = FACE_MODELS
) -> bool:
    """Tell whether all files of a face stack ("mediapipe", "insightface") are on disk; of a model, with `MODELS`.

    Args:
        name: a name of the catalogue.
        weights_dir: weights folder, or the one within it that holds the networks; None for the default one.
        catalogue: face stacks, or models, by name.
    """
    entry = catalogue[name]
    return not _missing(entry, _locate(entry, _folder(weights_dir, entry)))


def resolve_face_model(
    name: str, weights_dir: Path | None = None, *, catalogue: Mapping[str, ModelEntry] = FACE_MODELS
) -> dict[str, Path]:
    """Find the files of a face stack by role, fetching what is missing after a line that names its licence.

    Raises:
        WeightsError: Files are missing and cannot be fetched.
    """
    entry = catalogue[name]
    folder = _folder(weights_dir, entry)
    missing = _missing(entry, _locate(entry, folder))
    if missing and not hub_is_offline():
        terms = "; ".join(f"{Path(file.path).name}: {file.licence}" for file in missing)
        logger.warning("fetching the face networks of %s; licences: %s", entry.origin, terms)
    files = _ensure(entry, folder)
    tell_of_others(entry, folder, files)
    return files


def _folder(weights_dir: Path | None, *entries: ModelEntry) -> Path:
    return default_weights_dir() if weights_dir is None else weights_root(Path(weights_dir), entries)


def _ships(entry: ModelEntry) -> bool:
    return all(file.repo is None for file in entry.files.values())


def _check_folder(folder: Path, entry: ModelEntry, catalogue: Mapping[str, ModelEntry], *, is_auto: bool) -> None:
    """Refuse, or warn of, a folder in place of which a model that ships would be taken without a word.

    With "auto" a folder may be missing or empty, since official weights were to be fetched into it.
    """
    if folder.resolve() == default_weights_dir().resolve():
        return
    if not is_auto and not (is_there(folder) and folder.is_dir()):
        raise InputError(
            f"there is no folder '{folder}' to take weights of {entry.name!r} from: name the one that holds "
            f"{entry.name}/, or none for the weights that ship"
        )
    if not is_in_use(folder, catalogue) and (not is_auto or holds_weights(folder)):
        tell_of_nothing(entry, folder)


def _choose(folder: Path, official: str, catalogue: Mapping[str, ModelEntry]) -> str:
    """Return `official` if its files are there or can be fetched, else "compact", with the reason in the log."""
    entry = catalogue[official]
    missing = _missing(entry, _locate(entry, folder))
    reason = _try_to_fetch(official, missing, folder) if missing else None
    if reason is None:
        return official
    compact = catalogue["compact"]
    logger.warning(
        "using the small compact model (weights: %s), because %d of the official model's %d files are not in '%s' and"
        " were not fetched: %s; for the official one%s: %s; --model compact chooses the small one by name",
        compact.licence,
        len(missing),
        len(entry.files),
        folder,
        reason,
        f" ({entry.size / 1e6:.0f} MB)" if all(file.size for file in entry.files.values()) else "",
        manual_command(missing, folder),
    )
    return "compact"


def _try_to_fetch(official: str, missing: list[WeightFile], folder: Path) -> str | None:
    """Fetch unless that is pointless, and return None or the reason why there are no files."""
    if hub_is_offline():
        return "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set"
    if not _can_be_written(folder):
        return "the folder cannot be written to"
    ledger = Ledger(folder)
    if ledger.failed_today(hub_endpoint()):
        return f"an attempt failed within the last day (--model {official} tries again)"
    try:
        fetch(missing, folder, timeout=QUICK)
    except WeightsError as error:
        ledger.remember_failure(hub_endpoint())
        return str(error)
    return None


def _can_be_written(folder: Path) -> bool:
    existing = next((place for place in (folder, *folder.absolute().parents) if is_there(place)), None)
    # nothing exists of a path on a Windows drive that is not there
    return existing is not None and existing.is_dir() and os.access(existing, os.W_OK)


def _ensure(entry: ModelEntry, folder: Path) -> dict[str, Path]:
    """Return all files of an entry, fetching those that are missing."""
    found = _locate(entry, folder)
    missing = _missing(entry, found)
    if missing:
        names = ", ".join(file.path for file in missing)
        try:
            fetch(missing, folder, timeout=PATIENT)
        except WeightsError as error:
            raise WeightsError(
                f"{entry.name}: {len(missing)} of {len(entry.files)} files are not in '{folder}': {names}; "
                f"they could not be fetched: {error}; "
                f"on a machine with a connection (licence: {entry.licence}): {manual_command(missing, folder)}"
            ) from error
        found = _locate(entry, folder)
    return {role: found[role] for role in entry.files}


def _missing(entry: ModelEntry, found: Mapping[str, Path]) -> list[WeightFile]:
    return [file for role, file in entry.files.items() if role not in found]


def _locate(entry: ModelEntry, folder: Path) -> dict[str, Path]:
    """Return the files of an entry that are there; the user's folder comes before what ships."""
    return files_within(entry, shipped_weights_dir()) | files_within(entry, folder)
