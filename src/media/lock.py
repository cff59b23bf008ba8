"""One run at a time at what is written over hours: a folder, a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..errors import InputError

_PATIENCE = 0.5  # seconds


@contextmanager
def hold(path: Path, held: str | Path, other: str) -> Iterator[None]:
    """Keep other processes of this machine away; what a killed process held is free again.

    Args:
        path: of the lock, which stays when it is let go; its folder is made if it is missing.
        held: what is held, for messages.
        other: what to name if it is not free: "another folder".

    Raises:
        InputError: another process holds it, or the lock cannot be written.
    """
    from huggingface_hub.utils import WeakFileLock  # takes its time to import

    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(WeakFileLock(path, timeout=_PATIENCE))
        except TimeoutError as error:
            raise InputError(
                f"another run is at work in '{held}': wait until it has ended, or name {other} "
                f"(if there is none, remove '{path}')"
            ) from error
        except OSError as error:
            raise InputError(f"'{held}' cannot be written to: {error.strerror or error}") from error
        yield
