"""`SharedFolder`: small files that several machines read and write at the same time."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Protocol

from ..errors import InputError
from .local_folder import LocalFolder
from .places import absolute, is_remote
from .remote_folder import RemoteFolder


class SharedFolder(Protocol):
    """Files by name; a name may begin with folders: "open/7". Whatever is read is whole.

    All methods raise `OSError` if the folder cannot be reached.

    Attributes:
        place: path or URL.
    """

    place: str

    def names(self, folder: str) -> list[str]:
        """Names of all files in a folder, in order, without hidden ones; none if it is missing."""
        ...

    def read(self, name: str) -> bytes | None:
        """What a file holds; None if it is missing."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in the place of one that may be there."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that is not there yet: of all who try with contents of their own one succeeds, others get False.

        A store of the old kind that knows no such condition (S3 does) may let two succeed that try at the same moment.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        ...

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that it holds, if it is there."""
        ...

    def put(self, path: Path, name: str) -> None:
        """Copy a file of this machine into the folder."""
        ...

    def get(self, name: str, path: Path) -> bool:
        """Copy a file to this machine; False if it is missing."""
        ...

    def path(self, name: str) -> Path | None:
        """Where a file can be opened without being copied; None if nowhere."""
        ...


def open_shared(place: str) -> SharedFolder:
    """A shared folder at a path, such as of a disk that all machines mount, or at a URL of fsspec.

    Raises:
        InputError: a path that cannot be, or a URL that nothing installed knows.
    """
    place = absolute(place, str(Path.cwd()))
    return RemoteFolder(place) if is_remote(place) else LocalFolder(Path(place))


def check_shared(folder: SharedFolder) -> None:
    """Make sure that files can be written and removed.

    Raises:
        InputError: they cannot.
    """
    name = f"checks/{secrets.token_hex(8)}"
    try:
        folder.write(name, b"")
        folder.remove(name)
    except OSError as error:
        raise InputError(f"the shared folder '{folder.place}' cannot be used: {error.strerror or error}") from error
