"""`OwnedFolder`: a temporary folder that does not outlive its process for long, however that ends."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from contextlib import AbstractContextManager, suppress
from pathlib import Path

_AT_ONCE = 0.01  # seconds that a lock may take which is free


class OwnedFolder:
    """Made with a lock beside it, which tells others whether its owner lives; removes those of owners that were killed.

    Args:
        prefix: of its name; folders whose names begin alike are of the same kind.

    Attributes:
        path: of the folder.

    Raises:
        OSError: it cannot be made.
    """

    def __init__(self, prefix: str) -> None:
        parent = Path(tempfile.gettempdir()).resolve()
        _sweep(parent, prefix)
        self.path = parent / f"{prefix}{secrets.token_hex(6)}"
        self._lock = _locked(_lock_of(self.path))
        self._lock.__enter__()
        self.path.mkdir(mode=0o700)

    def close(self) -> None:
        """Remove it, with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        _lock_of(self.path).unlink(missing_ok=True)
        self._lock.__exit__(None, None, None)


def _sweep(parent: Path, prefix: str) -> None:
    """Remove folders whose owners are gone: nobody holds their locks."""
    for lock in parent.glob(f"{prefix}*.lock"):
        with suppress(OSError), _locked(lock):  # `TimeoutError` is one: its owner lives
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _locked(path: Path) -> AbstractContextManager[object]:
    from huggingface_hub.utils import WeakFileLock  # takes its time to import

    return WeakFileLock(path, timeout=_AT_ONCE)
