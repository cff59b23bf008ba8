"""The files of a folder that can be used, and what their shots are called."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError, LivePortraitError, MissingFileError
from ...media.sniff import MediaKind, sniff
from ..data.index import Kind

_KINDS: dict[MediaKind, Kind] = {MediaKind.PICTURE: "still", MediaKind.VIDEO: "clip", MediaKind.ANIMATION: "clip"}
_READABLE, _HASHED = 60, 8  # characters of a shot's name


@dataclass(frozen=True)
class Source:
    """A file of the input folder.

    Attributes:
        path: of the file.
        name: relative to the input folder, with forward slashes.
        kind: what it is.
        bytes: its size.
        modified: when it was written, nanoseconds.
    """

    path: Path
    name: str
    kind: Kind
    bytes: int
    modified: int

    @property
    def stem(self) -> str:
        """What its shots are called: safe in any file system, and of no other file, whichever files are added."""
        readable = re.sub("[^A-Za-z0-9-]+", "_", self.name.rpartition(".")[0] or self.name).strip("_")
        digest = hashlib.sha256(self.name.encode(errors="surrogatepass")).hexdigest()
        return f"{readable[-_READABLE:].strip('_')}_{digest[:_HASHED]}".lstrip("_")


def find_sources(folder: Path, without: Path) -> tuple[list[Source], dict[str, str]]:
    """Videos and pictures of a folder and all folders in it, judged by their content; hidden ones are passed over.

    Args:
        folder: to be searched; may be a single file.
        without: a folder that is passed over, such as the one for the result.

    Returns:
        The sources by name, and for every other file why it cannot be used.

    Raises:
        MissingFileError: there is no such folder.
        InputError: it may not be read.
    """
    if not folder.exists():
        raise MissingFileError(f"'{folder}' does not exist: give a folder of videos and pictures")
    sources, others = [], {}
    for path in sorted([folder] if folder.is_file() else _files(folder, without.resolve())):
        name = path.name if folder.is_file() else path.relative_to(folder).as_posix()
        try:
            kind = sniff(path)
            if kind not in _KINDS:
                raise InputError(f"'{path}' is a {kind}")
            facts = path.stat()
        except (LivePortraitError, OSError) as error:
            others[name] = str(error)
            continue
        sources.append(Source(path, name, _KINDS[kind], facts.st_size, facts.st_mtime_ns))
    return sources, others


def _files(folder: Path, without: Path) -> list[Path]:
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise InputError(f"the folder '{folder}' cannot be read: {error.strerror}") from error
    found = []
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            found.append(entry)
        elif not entry.is_symlink() and entry.resolve() != without:  # links may run in circles
            found += _files(entry, without)
    return found
