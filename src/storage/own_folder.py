"""`OwnFolder`: a temporary folder that goes with its owner, or when the next one is made."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

_PREFIX = "liveportrait-batch-"
_LOCK = ".owner"
_YOUNG = 60.0  # seconds in which an owner may not have taken its lock yet
_PATIENCE = 0.1  # seconds


class OwnFolder:
    """A temporary folder; what killed processes of this user left in theirs is removed first.

    Attributes:
        path: of the folder.
    """

    def __init__(self) -> None:
        from huggingface_hub.utils import WeakFileLock  # takes its time to import

        _sweep()
        self._temporary = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._temporary.name)
        self._held = ExitStack()
        self._held.enter_context(WeakFileLock(self.path / _LOCK, timeout=_PATIENCE))

    def close(self) -> None:
        """Remove it."""
        self._held.close()
        self._temporary.cleanup()


def _sweep() -> None:
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            with suppress(OSError):  # somebody else's, or gone by now; `TimeoutError` is one, too: its owner lives
                _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    """Remove a folder whose lock nobody holds.

    Raises:
        OSError: somebody does, or it is no such folder.
    """
    from huggingface_hub.utils import WeakFileLock

    if folder.is_symlink() or time.time() - (folder / _LOCK).stat().st_mtime < _YOUNG:
        return
    with WeakFileLock(folder / _LOCK, timeout=_PATIENCE):
        pass
    shutil.rmtree(folder, ignore_errors=True)
