"""`RemoteFolder`: a shared folder of an object store."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from pathlib import Path

from .places import joined
from .stores import reaching, remote
from .writing import put_bytes, put_file


class RemoteFolder:
    """A folder of an object store.

    Args:
        url: of the folder.

    Raises:
        InputError: nothing installed knows such URLs.
    """

    def __init__(self, url: str) -> None:
        self.place = url
        self._system, self._root = remote(url)

    def names(self, folder: str) -> list[str]:
        """Names of all files in a folder, in order; none if it is missing."""
        place = self._place(folder)
        with self._reaching():
            self._system.invalidate_cache(place)  # others write here, too
            with suppress(FileNotFoundError):
                found = self._system.ls(place, detail=False)
                names = [name.rpartition("/")[2] for name in found if name.rstrip("/") != place]
                return sorted(name for name in names if not name.startswith("."))
        return []

    def read(self, name: str) -> bytes | None:
        """What a file holds; None if it is missing."""
        with self._reaching(), suppress(FileNotFoundError):
            content: bytes = self._system.cat_file(self._place(name))
            return content
        return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in the place of one that may be there."""
        with self._reaching():
            put_bytes(content, joined(self.place, name), "file")

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that is not there yet: of all who try with contents of their own one succeeds."""
        try:
            with self._reaching():
                self._system.pipe_file(self._place(name), content, mode="create")
        except OSError:
            there = self.read(name)
            if there is None:
                raise
            return there == content  # a store that is asked again after a lost answer finds what it just wrote
        return True

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with self._reaching(), suppress(FileNotFoundError):
            self._system.rm_file(self._place(name))

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that it holds, if it is there."""
        with self._reaching(), suppress(FileNotFoundError):
            self._system.invalidate_cache(self._place(folder))
            self._system.rm(self._place(folder), recursive=True)

    def put(self, path: Path, name: str) -> None:
        """Copy a file of this machine into the folder."""
        with self._reaching():
            put_file(path, joined(self.place, name))

    def get(self, name: str, path: Path) -> bool:
        """Copy a file to this machine; False if it is missing."""
        with self._reaching(), suppress(FileNotFoundError):
            self._system.invalidate_cache(self._place(name))
            self._system.get_file(self._place(name), str(path))
            return True
        path.unlink(missing_ok=True)
        return False

    def path(self, name: str) -> Path | None:
        """Nowhere."""
        return None

    def _place(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _reaching(self) -> AbstractContextManager[None]:
        """Stores have errors of their own: whatever goes wrong is a `StoreError`, and so an `OSError`, to callers."""
        return reaching(self.place, "shared folder")
