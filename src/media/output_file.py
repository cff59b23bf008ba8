"""Files that appear under their name only when they are complete."""

import os
import secrets
from pathlib import Path

from ..errors import InputError


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
    return path.parent / f".{secrets.token_hex(6)}.part{path.suffix}"
