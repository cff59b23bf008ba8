"""Settings that hold for a whole process, so only a command line may choose them."""

from __future__ import annotations

import os


def calm_threads() -> None:
    """Keep torch's waiting threads from holding the cores that the encoder needs; call it before torch is imported.

    By default they spin for milliseconds at every barrier: with one of two cores busy, a frame of the compact model
    then took 1.7 times as long. On an idle machine the whole command takes as long either way.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
