"""Settings that hold for a whole process, so only a command line may choose them."""

from __future__ import annotations

import os
import time
from typing import NoReturn

_LOOK_UP = 0.5  # seconds


def calm_threads() -> None:
    """Keep torch's waiting threads from holding the cores that the encoder needs; call it before torch is imported.

    By default they spin for milliseconds at every barrier: with one of two cores busy, a frame of the compact model
    then took 1.7 times as long. On an idle machine the whole command takes as long either way.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def wait_for_a_signal() -> NoReturn:
    """Let other threads work until a signal's handler raises; to be called by the main thread.

    It looks up now and then: the system may give a signal to any thread, handlers run in the main thread alone, and
    that one does not learn of it as long as it sleeps.
    """
    while True:
        time.sleep(_LOOK_UP)
