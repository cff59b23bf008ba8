"""What a store says of its files, asked anew every time: others write to it, too."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError, LivePortraitError, MissingFileError, StoreError
from .extras import needed
from .places import is_remote

# What stores call a mark of a content, and the time of its last change where they have none.
_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "Content-MD5", "checksum", "generation", "sha", "CRC")
_TIMES = (
    *("LastModified", "Last-Modified", "last_modified", "mtime", "updated", "modified", "modificationTime", "modify"),
    *("date_time", "created"),
)


@dataclass(frozen=True)
class Entry:
    """What a store says of a file or folder.

    Attributes:
        path: in the store.
        is_folder: whether it is one.
        mark: changes with the content; the same on every machine, and from listings and single questions. Where
            nothing is known of the content no two are the same: it may have changed.
    """

    path: str
    is_folder: bool
    mark: str

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.rstrip("/").rpartition("/")[2]


def remote(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it; the system has forgotten what it was told before.

    Raises:
        InputError: nothing is installed that reads such URLs.
    """
    core = needed("fsspec.core", f"'{url}'")
    try:
        system, path = core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise InputError(f"'{url}' cannot be reached: {error}") from error
    system.invalidate_cache()  # listings are kept for good, and answer for single files as well
    return system, path


@contextmanager
def reaching(place: str, what: str, done: str = "reached") -> Iterator[None]:
    """Say in a line what goes wrong with a file in the block: stores have errors of their own.

    Args:
        place: of the file or folder.
        what: it is, for messages.
        done: to it in the block, for messages.

    Raises:
        FileNotFoundError: nothing lies there.
        InputError: a file of this machine cannot be reached.
        StoreError: a remote one cannot.
    """
    try:
        yield
    except (FileNotFoundError, LivePortraitError):
        raise
    except OSError as error:
        kind = StoreError if is_remote(place) else InputError
        raise kind(f"the {what} '{place}' cannot be {done}: {error.strerror or error}") from error
    except Exception as error:  # of whatever library knows the store: no rights, no route
        if not is_remote(place):
            raise
        text = " ".join(str(error).split())
        raise StoreError(f"the {what} '{place}' cannot be {done}: {type(error).__name__}: {text}") from error


def look(place: str) -> Entry:
    """What a remote file or folder is.

    Raises:
        MissingFileError: nothing lies there.
        StoreError: the store cannot be asked.
    """
    try:
        with reaching(place, "file"):
            system, path = remote(place)
            return _entry(system.info(path))
    except FileNotFoundError as error:
        raise MissingFileError(f"'{place}' does not exist") from error


def listed(folder: str, what: str) -> list[Entry]:
    """The files in a remote folder, not those of folders in it.

    Args:
        folder: its place.
        what: it is, for messages.

    Raises:
        FileNotFoundError: it is not there.
        InputError: it is a file.
        StoreError: it cannot be listed.
    """
    with reaching(folder, what):
        system, path = remote(folder)
        found = [info for info in system.ls(path, detail=True) if info["type"] == "file"]
        entries = [_entry(info) for info in found if not info["name"].endswith("/")]  # an object for a folder
    if any(entry.path.strip("/") == path.strip("/") for entry in entries):
        raise InputError(f"the {what} '{folder}' is a file")
    return entries


def pictures_of(folder: str) -> list[Entry]:
    """The files of a remote folder that counts as a clip: hidden ones do not, as in a folder of this machine."""
    entries = listed(folder, "folder")
    return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)


def mark_of(place: str) -> str:
    """A mark of what a remote file or folder of pictures holds, by what its store says of it.

    Raises:
        MissingFileError: nothing lies there.
        StoreError: the store cannot be asked.
    """
    entry = look(place)
    if not entry.is_folder:
        return entry.mark
    marks = [(file.name, file.mark) for file in pictures_of(place)]
    return hashlib.sha256(json.dumps(marks).encode()).hexdigest()[:32]


def exists(place: str) -> bool:
    """Whether something lies at a place.

    Raises:
        StoreError: the store cannot be asked.
    """
    if not is_remote(place):
        return Path(place).exists()
    try:
        look(place)
    except MissingFileError:
        return False
    return True


def read_bytes(place: str, what: str) -> bytes:
    """What a file holds.

    Args:
        place: of the file.
        what: it is, for messages.

    Raises:
        MissingFileError: it is not there.
        InputError: a file of this machine cannot be read.
        StoreError: a remote one cannot.
    """
    try:
        with reaching(place, what):
            if not is_remote(place):
                return Path(place).read_bytes()
            system, path = remote(place)
            content: bytes = system.cat_file(path)
            return content
    except FileNotFoundError as error:
        raise MissingFileError(f"there is no {what} '{place}'") from error


def _entry(info: Mapping[str, Any]) -> Entry:
    return Entry(info["name"], info["type"] == "directory", _mark(info))


def _mark(info: Mapping[str, Any]) -> str:
    """Of a content: the whole answer of a store differs from question to question."""
    for names in (_TAGS, _TIMES):
        known = [str(info[name]).strip('"') for name in names if info.get(name) is not None]
        if known:
            return "-".join([str(info.get("size")), *known])
    return secrets.token_hex(16)
