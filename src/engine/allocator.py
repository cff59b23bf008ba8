"""What glibc's allocator does with freed memory; other C libraries do as they do."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGE = 2**30
_SMALL = 2**20  # less than nearly all weights; not tuned


class _Kept:
    """Whether this process keeps large blocks that are freed, which glibc does not tell; and who wants it not to."""

    def __init__(self) -> None:
        self.is_on = False
        self._lock = Lock()
        self._inside = 0

    def enter(self) -> None:
        with self._lock:
            self._inside += 1
            self._set(_SMALL)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._set(_LARGE)

    def _set(self, threshold: int) -> None:
        set_option = _function("mallopt") if self.is_on else None
        if set_option is not None:
            set_option(_M_MMAP_THRESHOLD, threshold)


_kept = _Kept()


def keep_freed_memory() -> None:
    """Let glibc keep large blocks that are freed, for the next frame needs as many: for a command line to choose.

    By default blocks above 32 MB go back to the system at once, and the page faults of getting them anew were a tenth
    or more of the official networks' time. What is really no longer needed, `trimmed_memory` gives back.
    """
    if _user_tunes_malloc():
        return
    set_option = _function("mallopt")
    # older versions refuse so much, and do better by their own rule then
    if set_option is not None and set_option(_M_MMAP_THRESHOLD, _LARGE):
        set_option(_M_TRIM_THRESHOLD, 2 * _LARGE - 1)
        _kept.is_on = True


def trim_memory() -> None:
    """Return freed memory to the system, where the C library can do that.

    What is freed piece by piece stays with the process otherwise: after weights were rearranged, a gigabyte.
    """
    gc.collect()
    trim = _function("malloc_trim")
    if trim is not None:
        trim(0)


@contextmanager
def trimmed_memory() -> Iterator[None]:
    """Trim before a block that needs much for a while, and after it, even if it fails.

    Within it, in all threads, large blocks are not kept: weights would end up among what is freed, and the holes would
    fit nothing.
    """
    trim_memory()
    _kept.enter()
    try:
        yield
    finally:
        _kept.leave()
        trim_memory()


def _function(name: str) -> Callable[..., Any] | None:
    """A function of the C library; None where there is none of this name."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def _user_tunes_malloc() -> bool:
    """Whether the environment sets anything of glibc's allocator: that is no longer ours to choose then."""
    names = (*os.environ, *os.environ.get("GLIBC_TUNABLES", "").split(":"))
    return any(name.startswith(("MALLOC_", "glibc.malloc.")) for name in names)
