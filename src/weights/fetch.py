"""Fetch weights from the hub: resumed, checked by hash, never half a file under the final name."""

import logging
import re
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path

from ..errors import WeightsError
from .catalogue import OFFICIAL_REPO, WeightFile
from .hub import RemoteFile, download, hub_is_offline, look_up
from .ledger import STATE_DIR, Ledger, sha256_of
from .paths import is_there

logger = logging.getLogger(__name__)

PATIENT, QUICK = 10.0, 2.5  # seconds for the hub to answer: when asked for by name, and when only tried
_SHA256 = re.compile(r"[0-9a-f]{64}")


def manual_command(files: Iterable[WeightFile], folder: Path) -> str:
    """Return the shell command that fetches official files into a weights folder.

    It names the innermost folders of these files, or the files themselves where they lie beside folders: the repository
    holds others, some under stricter licences.
    """
    wanted = " ".join(f'--include "{pattern}"' for pattern in sorted({_pattern(file.path) for file in files}))
    return f"hf download {OFFICIAL_REPO} {wanted} --local-dir {shlex.quote(str(folder))}"


def _pattern(path: str) -> str:
    folder = path.rpartition("/")[0]
    return f"{folder}/*" if "/" in folder else path


def fetch(files: Iterable[WeightFile], folder: Path, timeout: float = PATIENT) -> None:
    """Fetch the files that a weights folder lacks.

    Files that are there are left alone, whatever they hold. A file appears under its name only when it is whole and
    its size and SHA-256 are right; until then it grows as ``<name>.part``, from which the next attempt goes on.
    A file without a published hash must match the hub's own record of it, and its hash is kept for this folder: from
    then on it must match that.

    Args:
        files: What to fetch.
        folder: Weights folder; created if need be.
        timeout: Seconds for the hub to answer, for each file.

    Raises:
        WeightsError: The hub's offline variables are set (no attempt is made), the hub cannot be reached or lacks the
            file, the disk is full or not writable, or a hash is wrong (the file is removed).
    """
    missing = [file for file in files if not is_there(folder / file.path)]
    if not missing:
        return
    if hub_is_offline():
        raise WeightsError("the hub is switched off by HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE")
    # The first answer tells whether there is a hub at all, before anything is created.
    remotes = [look_up(_repo_of(file), file.path, timeout) for file in missing]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_space(missing, folder)
        for file, remote in zip(missing, remotes, strict=True):
            _fetch_one(file, remote, folder)
    except OSError as error:
        raise WeightsError(f"cannot write to '{folder}': {error}") from error


def _repo_of(file: WeightFile) -> str:
    if file.repo is None:
        raise WeightsError(f"'{file.path}' ships with this project but is not there: install it again")
    return file.repo


def _check_space(files: list[WeightFile], folder: Path) -> None:
    parts = [_part_of(folder / file.path) for file in files]
    needed = sum(file.size or 0 for file in files) - sum(part.stat().st_size for part in parts if part.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise WeightsError(
            f"'{folder}' has {free / 1e6:.0f} MB free, the weights need {needed / 1e6:.0f} MB: make room there"
        )


def _part_of(target: Path) -> Path:
    # Beside its target rather than in a folder of its own: the last step must be a rename within one file system,
    # and sub-folders of a weights folder may be links to another disk.
    return target.with_name(target.name + ".part")


def _fetch_one(file: WeightFile, remote: RemoteFile, folder: Path) -> None:
    from huggingface_hub.utils import WeakFileLock

    target = folder / file.path
    part = _part_of(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    locks = folder / STATE_DIR
    locks.mkdir(exist_ok=True)
    # Two processes that start together must not both append to one part file.
    with WeakFileLock(locks / (file.path.replace("/", "--") + ".lock")):
        if target.exists():
            return
        logger.info("fetching '%s' (licence: %s)", file.path, file.licence)
        download(remote, part, target.name)
        ledger = Ledger(folder)
        sha256 = _checked(file, remote, part, ledger)
        if file.sha256 is None:
            ledger.pin(file.path, sha256)
        part.replace(target)


def _checked(file: WeightFile, remote: RemoteFile, part: Path, ledger: Ledger) -> str:
    """Return the SHA-256 of a finished download; remove it if it is not the file it should be."""
    expected = file.sha256 or ledger.pinned(file.path)
    if expected is None and remote.etag is not None and _SHA256.fullmatch(remote.etag):
        expected = remote.etag
    size, found = part.stat().st_size, sha256_of(part)
    if file.size not in (None, size) or expected not in (None, found):
        part.unlink()
        raise WeightsError(
            f"the downloaded '{file.path}' is not the file it should be and was removed: "
            f"expected SHA-256 {expected} ({file.size} bytes), found {found} ({size} bytes)"
        )
    return found
