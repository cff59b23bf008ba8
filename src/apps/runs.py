"""`Runs`: what the page's visitors have running, each in a folder of its own; a run can be cancelled."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import Cancelled, InputError
from ..pipeline.progress import Progress

KEPT_SECONDS = 4 * 3600  # what a visitor has not touched for so long is forgotten
_CLOSES_WITHIN = 20.0  # seconds; a run ends at its next frame


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


@dataclass(eq=False)
class _Visitor:
    """What one visitor has here."""

    run: Run | None = None
    results: Path | None = None
    files: Path | None = None
    seen: float = field(default_factory=time.monotonic)


class Runs:
    """The runs of all visitors, who are known by the names of their sessions.

    Args:
        folder: where results are put.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed = threading.Condition()
        self._visitors: dict[str, _Visitor] = {}
        self._is_closed = False

    @contextmanager
    def begin(self, visitor: str) -> Iterator[Run]:
        """A new run; what the visitor had before is removed.

        Raises:
            InputError: the last one is still running.
            Cancelled: the page is being closed.
        """
        self._forget_the_silent()
        with self._changed:
            if self._is_closed:
                raise Cancelled("the page is being closed")
            entry = self._entry(visitor)
            if entry.run is not None:
                raise InputError("this page has a run going: wait for it, or cancel it")
            old, entry.results = entry.results, self._new_folder()
            run = entry.run = Run(entry.results)
        _remove(old)
        try:
            yield run
        finally:
            self._end(visitor, entry, run)

    def _end(self, visitor: str, entry: _Visitor, run: Run) -> None:
        with self._changed:
            entry.run, entry.seen = None, time.monotonic()
            is_left = self._visitors.get(visitor) is not entry
            self._changed.notify_all()
        if is_left:
            _remove(entry.results, entry.files)

    def folder(self, visitor: str) -> Path:
        """A folder for files that the visitor takes away; the same one until he leaves."""
        self._forget_the_silent()
        with self._changed:
            entry = self._entry(visitor)
            entry.files = entry.files or self._new_folder()
            return entry.files

    def cancel(self, visitor: str) -> bool:
        """Cancel the visitor's run; False if there is none."""
        with self._changed:
            entry = self._visitors.get(visitor)
            run = None if entry is None else entry.run
        if run is not None:
            run.cancel()
        return run is not None

    def leave(self, visitor: str) -> None:
        """The visitor has closed the page: his run is cancelled, his results are removed."""
        with self._changed:
            entry = self._visitors.pop(visitor, None)
        if entry is None:
            return
        if entry.run is None:
            _remove(entry.results, entry.files)
        else:
            entry.run.cancel()  # it removes the folders at its end

    def close(self) -> None:
        """Cancel all runs, begin no more, and wait until they have ended: a process must not end under them."""
        with self._changed:
            self._is_closed = True
            entries = list(self._visitors.values())
            for entry in entries:
                if entry.run is not None:
                    entry.run.cancel()
            self._changed.wait_for(lambda: all(entry.run is None for entry in entries), _CLOSES_WITHIN)

    def _entry(self, visitor: str) -> _Visitor:
        entry = self._visitors.setdefault(visitor, _Visitor())
        entry.seen = time.monotonic()
        return entry

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))

    def _forget_the_silent(self) -> None:
        """Forget visitors of whom nothing was heard for long: not everybody says when he leaves."""
        with self._changed:
            late = time.monotonic() - KEPT_SECONDS
            silent = [name for name, entry in self._visitors.items() if entry.run is None and entry.seen < late]
        for visitor in silent:
            self.leave(visitor)


def _remove(*folders: Path | None) -> None:
    for folder in folders:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
