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
_READABLE, _HASHED = 60, 16  # characters of a shot's name


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

    Links to folders are followed, each folder once.

    Args:
        folder: to be searched; may be a single file.
        without: a folder that is passed over, such as the one for the result.

    Returns:
        The sources by name, and for every other file, and folder that cannot be read, why it cannot be used.

    Raises:
        MissingFileError: there is no such folder.
        InputError: it may not be read, or two files would give shots of one name.
    """
    if not folder.exists():
        raise MissingFileError(f"'{folder}' does not exist: give a folder of videos and pictures")
    sources: dict[str, Source] = {}
    paths, unreadable = ([folder], {}) if folder.is_file() else _files(folder, without.resolve())
    others = {f"{path.relative_to(folder).as_posix()}/": why for path, why in unreadable.items()}
    for path in sorted(paths):
        name = path.name if folder.is_file() else path.relative_to(folder).as_posix()
        try:
            kind = sniff(path)
            if kind not in _KINDS:
                raise InputError(f"'{path}' is a {kind}")
            facts = path.stat()
        except (LivePortraitError, OSError) as error:
            others[name] = str(error)
            continue
        source = Source(path, name, _KINDS[kind], facts.st_size, facts.st_mtime_ns)
        other = sources.setdefault(source.stem.casefold(), source)
        if other is not source:
            raise InputError(f"'{other.name}' and '{name}' would give shots of one name: rename one of them")
    return list(sources.values()), others


def _files(top: Path, without: Path) -> tuple[list[Path], dict[Path, str]]:
    """All files below a folder, and the folders that cannot be read."""
    found: list[Path] = []
    unreadable: dict[Path, str] = {}
    folders, links, seen = [top], list[Path](), {without} - {top.resolve()}
    while folders or links:
        # What is linked comes last, so that a file has the name of the folder that it lies in.
        folder = folders.pop() if folders else links.pop(0)
        real = folder.resolve()
        if real in seen:
            continue
        seen.add(real)
        try:
            for entry in sorted(folder.iterdir()):
                if entry.name.startswith("."):
                    continue
                (found if not entry.is_dir() else links if entry.is_symlink() else folders).append(entry)
        except OSError as error:
            unreadable[folder] = f"the folder '{folder}' cannot be read: {error.strerror}"
    if top in unreadable:
        raise InputError(unreadable[top])
    return found, unreadable
