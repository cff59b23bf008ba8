"""Settings that hold for a whole process, so only a command line may choose them."""

from __future__ import annotations

import ctypes
import os
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h
_LARGE = 2**30


def calm_threads() -> None:
    """Keep torch's waiting threads from holding the cores that the encoder needs; call it before torch is imported.

    By default they spin for milliseconds at every barrier: with one of two cores busy, a frame of the compact model
    then took 1.7 times as long. On an idle machine the whole command takes as long either way.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def keep_freed_memory() -> None:
    """Let glibc keep large blocks that are freed, for the next frame needs as many; other C libraries do as they do.

    By default blocks above 32 MB go back to the system at once, and the page faults of getting them anew were a tenth
    or more of the official networks' time. What is really no longer needed, `engine.trim_memory` gives back.
    """
    if sys.platform != "linux" or _user_tunes_malloc():
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    # older versions refuse so much, and do better by their own rule then
    if set_option is not None and set_option(_M_MMAP_THRESHOLD, _LARGE):
        set_option(_M_TRIM_THRESHOLD, 2 * _LARGE - 1)


def _user_tunes_malloc() -> bool:
    """Whether the environment sets anything of glibc's allocator: that is no longer ours to choose then."""
    names = (*os.environ, *os.environ.get("GLIBC_TUNABLES", "").split(":"))
    return any(name.startswith(("MALLOC_", "glibc.malloc.")) for name in names)
