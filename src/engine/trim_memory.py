"""Give memory back that the allocator keeps for later."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def trim_memory() -> None:
    """Return freed memory to the system, where the C library can do that (glibc); elsewhere nothing happens.

    What is freed piece by piece stays with the process otherwise: after weights were rearranged, a gigabyte.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


@contextmanager
def trimmed_memory() -> Iterator[None]:
    """Trim before a block that needs much for a while, and after it, even if it fails."""
    trim_memory()
    try:
        yield
    finally:
        trim_memory()
