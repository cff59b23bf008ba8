"""Copies of remote inputs on this machine, and the way back for results."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path

from ..errors import MissingFileError
from .places import folder_of, is_remote, name_of, remote


class Files:
    """Fetches and stores files, whose places may be paths or URLs; a context manager that removes its copies.

    Args:
        cache_bytes: what copies may take together, save those that the row at hand needs.
    """

    def __init__(self, cache_bytes: int) -> None:
        self._limit = cache_bytes
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._sizes: OrderedDict[Path, int] = OrderedDict()  # of copies, the one that was used last at the end
        self._needed: dict[Path, str] = {}

    def fetch(self, place: str) -> Path:
        """A path under which an input can be read until `release` is called.

        Raises:
            MissingFileError: nothing lies at a remote place.
            OSError: it cannot be fetched.
        """
        if not is_remote(place):
            return Path(place)
        system, path = remote(place)
        try:
            is_folder = system.isdir(path)
            mark = "" if is_folder else system.ukey(path)
        except FileNotFoundError as error:
            raise MissingFileError(f"'{place}' does not exist") from error
        name = hashlib.sha256(f"{place} {mark}".encode()).hexdigest()[:16]
        copy = Path(self._folder(), name, name_of(place))
        self._needed[copy] = place
        if is_folder or copy not in self._sizes:  # what is in a folder may have changed
            self._take(copy, system, path, is_folder)
        self._sizes.move_to_end(copy)
        self._make_room()
        return copy

    def _take(self, copy: Path, system: object, path: str, is_folder: bool) -> None:
        self._drop(copy)
        copy.parent.mkdir(parents=True, exist_ok=True)
        system.get(path, str(copy), recursive=is_folder)  # type: ignore[attr-defined]
        files = [file for file in copy.rglob("*") if file.is_file()] if is_folder else [copy]
        self._sizes[copy] = sum(file.stat().st_size for file in files)

    def release(self) -> None:
        """The copies fetched so far may go."""
        self._needed.clear()
        self._make_room()

    def told(self, text: str) -> str:
        """A message with the places of what was fetched instead of the paths of its copies."""
        for copy, place in self._needed.items():
            text = text.replace(str(copy), place)
        return text

    def scratch(self, name: str) -> Path:
        """A path for a file that is to be stored elsewhere."""
        return Path(tempfile.mkdtemp(dir=self._folder()), name)

    def store(self, path: Path, place: str) -> None:
        """Move a file to a URL; it appears under its name when it is there as a whole.

        Raises:
            OSError: it cannot be stored.
        """
        system, target = remote(place)
        part = f"{folder_of(target)}/.{secrets.token_hex(6)}.part"
        system.makedirs(folder_of(target), exist_ok=True)
        try:
            system.put_file(str(path), part)
            system.mv(part, target)
        except BaseException:
            if system.exists(part):
                system.rm(part)
            raise
        path.unlink()

    def close(self) -> None:
        """Remove all copies."""
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def _folder(self) -> str:
        """Made when it is first needed: most jobs have no remote files."""
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="liveportrait-batch-", ignore_cleanup_errors=True)
        return self._temporary.name

    def _make_room(self) -> None:
        for copy in list(self._sizes):
            if sum(self._sizes.values()) <= self._limit:
                return
            if copy not in self._needed:
                self._drop(copy)

    def _drop(self, copy: Path) -> None:
        self._sizes.pop(copy, None)
        shutil.rmtree(copy.parent, ignore_errors=True)
