"""`KeptResults`: results on this machine, where the shared folder is elsewhere."""

from __future__ import annotations

import os
import secrets
import shutil
from collections import OrderedDict
from collections.abc import Container
from pathlib import Path
from threading import Lock

from ...storage.shared_folder import SharedFolder
from ..workspace import Workspace
from .ledger import number_of, result_place

MOST_BYTES = 2 << 30


class KeptResults:
    """Fetches results that are asked for, and keeps those that were asked for last.

    Args:
        folder: which is shared.
        workspace: where copies lie.
        most: bytes that copies may take, save that of the result at hand.
    """

    def __init__(self, folder: SharedFolder, workspace: Workspace, most: int = MOST_BYTES) -> None:
        self._folder, self._workspace, self._most = folder, workspace, most
        self._sizes: OrderedDict[Path, int] = OrderedDict()  # the one that was asked for last at the end
        self._fetching = Lock()

    def file(self, name: str, at: float) -> Path | None:
        """Where a result can be opened; None if it is gone.

        Args:
            name: of the result.
            at: when it was made: a copy bears that time, so that parts of a file can be asked of any service.

        Raises:
            OSError: the folder cannot be reached.
        """
        path = self._folder.path(result_place(name))
        if path is not None:
            return path if path.exists() else None
        with self._fetching:
            copy = self._place() / name
            if not copy.exists() and not self._fetch(name, at, copy):
                return None
            self._sizes[copy] = copy.stat().st_size
            self._sizes.move_to_end(copy)
            self._make_room()
        return copy

    def keep_only(self, numbers: Container[str]) -> None:
        """Remove copies of what was made by other jobs: they are forgotten."""
        with self._fetching:
            for copy in [copy for copy in self._sizes if number_of(copy.name) not in numbers]:
                del self._sizes[copy]
                copy.unlink(missing_ok=True)

    def _place(self) -> Path:
        """The folder of the copies, without those that an earlier run left."""
        place = self._workspace.folder / "copies"
        if not self._sizes:
            shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, exist_ok=True)
        return place

    def _fetch(self, name: str, at: float, copy: Path) -> bool:
        part = copy.with_name(f".{secrets.token_hex(8)}.part")
        try:
            if not self._folder.get(result_place(name), part):
                return False
            os.utime(part, (at, at))
            part.replace(copy)
        finally:
            part.unlink(missing_ok=True)
        return True

    def _make_room(self) -> None:
        while len(self._sizes) > 1 and sum(self._sizes.values()) > self._most:
            path, _ = self._sizes.popitem(last=False)
            path.unlink(missing_ok=True)
