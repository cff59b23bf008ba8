"""`Runs`: what the page's visitors have running, each in a folder of its own; a run can be cancelled."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import Cancelled, InputError
from ..pipeline.progress import Progress


@dataclass(eq=False)
class Run:
    """One run.

    Attributes:
        folder: for its results; they stay until the visitor's next run, or until he leaves.
    """

    folder: Path
    _stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Have it end at its next frame."""
        self._stop.set()

    def reporting(self, show: Progress) -> Progress:
        """The progress of the run: what is shown, until it is cancelled.

        Args:
            show: is told the stage, frames done, and frames in all.
        """

        def progress(stage: str, done: int, total: int | None) -> None:
            if self._stop.is_set():
                raise Cancelled("the run was cancelled")
            show(stage, done, total)

        return progress


class Runs:
    """The runs of all visitors, who are known by the names of their sessions.

    Args:
        folder: where results are put.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._running: dict[str, Run] = {}
        self._kept: dict[str, list[Path]] = {}

    @contextmanager
    def begin(self, visitor: str) -> Iterator[Run]:
        """A new run; what the visitor had before is removed.

        Raises:
            InputError: the last one is still running.
        """
        with self._lock:
            if visitor in self._running:
                raise InputError("this page has a run going: wait for it, or cancel it")
            old = self._kept.pop(visitor, [])
            run = self._running[visitor] = Run(self._new_folder(visitor))
        _remove(old)
        try:
            yield run
        finally:
            with self._lock:
                del self._running[visitor]
                is_left = run.folder not in self._kept.get(visitor, [])
            if is_left:
                _remove([run.folder])

    def folder(self, visitor: str) -> Path:
        """A folder for a file that the visitor takes away; it stays until his next run, or until he leaves."""
        with self._lock:
            return self._new_folder(visitor)

    def cancel(self, visitor: str) -> bool:
        """Cancel the visitor's run; False if there is none."""
        with self._lock:
            run = self._running.get(visitor)
        if run is not None:
            run.cancel()
        return run is not None

    def leave(self, visitor: str) -> None:
        """The visitor has closed the page: his run is cancelled, his results are removed."""
        with self._lock:
            run, old = self._running.get(visitor), self._kept.pop(visitor, [])
        if run is not None:
            run.cancel()
        _remove([folder for folder in old if run is None or folder != run.folder])  # a run removes its own at its end

    def _new_folder(self, visitor: str) -> Path:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        self._kept.setdefault(visitor, []).append(folder)
        return folder


def _remove(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
