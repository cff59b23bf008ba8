"""One run at a time in a training folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ...errors import InputError

_PATIENCE = 0.5  # seconds


@contextmanager
def folder_lock(path: Path, folder: Path) -> Iterator[None]:
    """Hold a folder; what a killed process held is free again.

    Args:
        path: of the lock, which stays when it is let go.
        folder: that is held.

    Raises:
        InputError: another process holds it, or it cannot be written to.
    """
    from huggingface_hub.utils import WeakFileLock  # takes its time to import

    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(WeakFileLock(path, timeout=_PATIENCE))
        except TimeoutError as error:
            raise InputError(
                f"another run is at work in '{folder}': wait until it has ended, or name another folder "
                f"(if there is none, remove '{path}')"
            ) from error
        except OSError as error:
            raise InputError(f"'{folder}' cannot be written to: {error.strerror or error}") from error
        yield
