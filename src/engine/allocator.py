"""What glibc's allocator does with freed memory; other C libraries do as they do."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGE, _SMALL = 2**30, 2**20


class _Kept:
    """Whether this process keeps large blocks that are freed, which the allocator itself does not tell."""

    is_on = False


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

    Within it large blocks are not kept: weights would end up among what is freed, and the holes would fit nothing.
    """
    set_option = _function("mallopt") if _kept.is_on else None
    trim_memory()
    if set_option is not None:
        set_option(_M_MMAP_THRESHOLD, _SMALL)
    try:
        yield
    finally:
        if set_option is not None:
            set_option(_M_MMAP_THRESHOLD, _LARGE)
        trim_memory()


def _function(name: str) -> Callable[..., Any] | None:
    """A function of the C library; None where there is none of this name."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def _user_tunes_malloc() -> bool:
    """Whether the environment sets anything of glibc's allocator: that is no longer ours to choose then."""
    names = (*os.environ, *os.environ.get("GLIBC_TUNABLES", "").split(":"))
    return any(name.startswith(("MALLOC_", "glibc.malloc.")) for name in names)
