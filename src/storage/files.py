"""Copies of remote inputs on this machine, and the way back for results."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path

from ..errors import MissingFileError
from ..media.owned_folder import OwnedFolder
from .places import is_remote, name_of
from .stores import look, mark_of, pictures_of, reaching, remote
from .writing import put_file


class Files:
    """Fetches and stores files, whose places may be paths or URLs.

    `close` removes all copies; those of a process that was killed go when another one of this machine makes some.

    Args:
        cache_bytes: what copies may take together, save those that the row at hand needs.
    """

    def __init__(self, cache_bytes: int) -> None:
        self._limit = cache_bytes
        self._own: OwnedFolder | None = None
        self._sizes: OrderedDict[Path, int] = OrderedDict()  # of copies, the one that was used last at the end
        self._needed: dict[Path, str] = {}
        self._scratches: list[Path] = []

    def fetch(self, place: str) -> Path:
        """A path under which an input can be read until `release` is called.

        Raises:
            MissingFileError: nothing lies at a remote place.
            StoreError: it cannot be fetched.
        """
        if not is_remote(place):
            return Path(place)
        name = hashlib.sha256(f"{place} {mark_of(place)}".encode()).hexdigest()[:16]
        copy = Path(self._folder(), name, name_of(place))
        self._needed[copy] = place
        if copy not in self._sizes:
            try:
                with reaching(place, "file", "fetched"):
                    self._take(copy, place)
            except FileNotFoundError as error:  # it went in between
                raise MissingFileError(f"'{place}' does not exist") from error
        self._sizes.move_to_end(copy)
        self._make_room()
        return copy

    def _take(self, copy: Path, place: str) -> None:
        self._drop(copy)
        copy.parent.mkdir(parents=True, exist_ok=True)
        system, path = remote(place)
        if look(place).is_folder:
            copy.mkdir()
            entries = pictures_of(place)
            copies = [copy / entry.name for entry in entries]
            system.get([entry.path for entry in entries], [str(file) for file in copies])  # lists are no patterns
        else:
            copies = [copy]
            system.get_file(path, str(copy))
        self._sizes[copy] = sum(file.stat().st_size for file in copies)

    def release(self) -> None:
        """The copies fetched so far may go; what was to be stored and is not yet, never will be."""
        self._needed.clear()
        while self._scratches:
            shutil.rmtree(self._scratches.pop(), ignore_errors=True)
        self._make_room()

    def told(self, text: str) -> str:
        """A message with the places of files instead of the paths of their copies."""
        for copy, place in self._needed.items():
            text = text.replace(str(copy), place)
        return text

    def scratch(self, place: str) -> Path:
        """A path, until `release` is called, for a file that is to be stored at a place."""
        folder = Path(tempfile.mkdtemp(dir=self._folder()))
        self._scratches.append(folder)
        path = folder / name_of(place)
        self._needed[path] = place
        return path

    def store(self, path: Path, place: str, what: str = "result") -> None:
        """Move a file to a URL; it appears under its name when it is there as a whole.

        Args:
            path: of the file.
            place: where it goes.
            what: it is, for messages.

        Raises:
            StoreError: it cannot be stored.
        """
        put_file(path, place, what)
        path.unlink()

    def close(self) -> None:
        """Remove all copies."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def _folder(self) -> Path:
        """Made when it is first needed: most jobs have no remote files."""
        if self._own is None:
            self._own = OwnedFolder("liveportrait-batch-")
        return self._own.path

    def _make_room(self) -> None:
        for copy in list(self._sizes):
            if sum(self._sizes.values()) <= self._limit:
                return
            if copy not in self._needed:
                self._drop(copy)

    def _drop(self, copy: Path) -> None:
        self._sizes.pop(copy, None)
        shutil.rmtree(copy.parent, ignore_errors=True)
