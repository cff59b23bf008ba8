"""Files that appear under their name only when they are complete."""

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import InputError

_TEMPORARY = re.compile(r"\.([0-9a-f]{8})[0-9a-f]{12}\.part(\..*)?")  # a mark of the file that it is to become


def temporary_beside(path: Path) -> Path:
    """Name of a hidden temporary file in the folder of ``path``, with the same suffix.

    The folder is made if it is missing. The file is not: its writer creates it, moves it over ``path`` when it is
    complete (same folder, so the move is atomic), and removes it otherwise.

    Raises:
        InputError: ``path`` is a folder, or its folder cannot be made or written to.
    """
    if path.is_dir():
        raise InputError(f"'{path}' is a folder: the name of a file is needed")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder '{path.parent}' cannot be made: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"the folder '{path.parent}' cannot be written to: name another one")
    return path.parent / f".{_mark(path)}{secrets.token_hex(6)}.part{path.suffix}"


@contextmanager
def usual_rights(path: Path) -> Iterator[None]:
    """Give a file that is written within the rights that new files have; some libraries let its owner alone read it.

    Raises:
        OSError: it cannot be made.
    """
    path.touch()
    mode = stat.S_IMODE(path.stat().st_mode)
    yield
    path.chmod(mode)


def remove_temporaries(paths: Iterable[Path]) -> None:
    """Remove what writers of these files left beside them when they were killed; nobody may be writing them now.

    Temporary files of other files stay, as their writers may be at work. What cannot be removed hinders nothing.
    """
    marks: dict[Path, set[str]] = {}
    for path in paths:
        marks.setdefault(path.parent, set()).add(_mark(path))
    for folder, ours in marks.items():
        for name in _names(folder):
            match = _TEMPORARY.fullmatch(name)
            if match and match[1] in ours:
                with suppress(OSError):
                    (folder / name).unlink()


def _mark(path: Path) -> str:
    return hashlib.sha256(path.name.encode(errors="surrogatepass")).hexdigest()[:8]


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except (OSError, ValueError):  # it is not there yet, or never can be
        return []
