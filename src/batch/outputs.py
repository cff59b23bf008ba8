"""Which results are there: a remote folder is listed once, not asked about file by file."""

from __future__ import annotations

from pathlib import Path

from ..storage.places import folder_of, is_remote, name_of
from ..storage.stores import listed


class Outputs:
    """What lies in the folders of results."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}

    def is_there(self, place: str) -> bool:
        """Whether a result is there.

        Raises:
            LivePortraitError: a remote folder cannot be listed.
        """
        if not is_remote(place):
            return Path(place).is_file()
        folder = folder_of(place)
        if folder not in self._names:
            self._names[folder] = _listed(folder)
        return name_of(place) in self._names[folder]


def _listed(folder: str) -> set[str]:
    try:
        return {entry.name for entry in listed(folder, "folder of results")}
    except FileNotFoundError:
        return set()
