"""The one folder that the service writes to."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from ..errors import InputError
from ..media.owned_folder import OwnedFolder

_OURS = re.compile(r"\.?[0-9a-f]{12,32}(_concat)?(\.part)?(\.\w+)?")  # all names that the service or a run makes


class Workspace:
    """Folders for uploads and results.

    Args:
        folder: where they are; None = a temporary folder, which `close` removes.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._is_temporary, self._is_open = folder is None, False
        self._owned: OwnedFolder | None = None
        self.folder = Path() if folder is None else folder.expanduser().resolve()

    @property
    def uploads(self) -> Path:
        """What jobs were given."""
        return self.folder / "uploads"

    @property
    def results(self) -> Path:
        """What they made."""
        return self.folder / "results"

    def open(self) -> None:
        """Make the folders, and remove what an earlier run left in them; the second time nothing.

        Raises:
            InputError: the folder cannot be made or used.
        """
        if self._is_open:
            return
        try:
            if self._is_temporary:
                self._owned = OwnedFolder("liveportrait-service-")
                self.folder = self._owned.path
            self.make()
            for place in (self.uploads, self.results):
                _remove_ours(place)
        except OSError as error:
            raise InputError(f"the folder '{self.folder}' cannot be used: {error.strerror or error}") from error
        if not os.access(self.folder, os.W_OK):
            raise InputError(f"the folder '{self.folder}' cannot be written to: name another one")
        self._is_open = True

    def make(self) -> None:
        """Make the folders where they are missing: what cleans up temporary folders takes ours, too.

        Raises:
            OSError: they cannot be made, or somebody else made them.
        """
        self.folder.mkdir(mode=0o700 if self._is_temporary else 0o777, parents=True, exist_ok=True)
        if self._is_temporary and not _is_own(self.folder):  # anybody may make a folder beside temporary ones
            raise PermissionError(errno.EACCES, "belongs to somebody else", str(self.folder))
        for place in (self.uploads, self.results):
            place.mkdir(mode=0o700, exist_ok=True)

    def is_there(self) -> bool:
        """Whether the folders are there and can be written to."""
        return all(place.is_dir() and os.access(place, os.W_OK) for place in (self.uploads, self.results))

    def new_upload(self, number: str) -> Path:
        """An empty folder for the files of a job."""
        self.make()
        folder = self.uploads / number
        folder.mkdir()
        return folder

    def remove_upload(self, number: str) -> None:
        """Remove the files that a job was given."""
        shutil.rmtree(self.uploads / number, ignore_errors=True)

    def result(self, number: str, suffix: str) -> Path:
        """Where the result of a job goes; what comes beside it has a name that begins alike."""
        return self.results / f"{number}{suffix}"

    def remove_results(self, number: str) -> None:
        """Remove all that a job made."""
        for path in self.results.glob(f"{number}*"):
            with suppress(OSError):  # it is no longer served in any case
                path.unlink()

    def close(self) -> None:
        """Remove uploads, and all of a temporary folder; nothing if it was never opened."""
        if not self._is_open:
            return
        self._is_open = False
        if self._owned is not None:
            self._owned.close()
        else:
            _remove_ours(self.uploads)


def _is_own(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and (not hasattr(os, "getuid") or found.st_uid == os.getuid())


def _remove_ours(place: Path) -> None:
    """Remove what bears a name of the service; nothing else, should the folder have been somebody's already."""
    for path in place.iterdir():
        if not _OURS.fullmatch(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
