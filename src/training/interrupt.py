"""Ctrl-C and SIGTERM while a run trains: it is asked to stop between two steps, when it can be saved."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

logger = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Whether somebody asked the run to stop."""

    def __init__(self) -> None:
        self.made = False
        self._process = os.getpid()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Note the first request; the second one ends the run at once.

        Raises:
            KeyboardInterrupt: it is the second one.
        """
        if os.getpid() != self._process:  # one that makes batches: it is needed until the step is done
            return
        if self.made:
            raise KeyboardInterrupt
        self.made = True
        with suppress(RuntimeError):  # Python's streams refuse if the signal came while one of them was writing
            logger.warning("stopping as soon as this step is done and saved; once more Ctrl-C stops at once")


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Take both signals as a request for as long as this lasts; in a thread that may not, they stay what they are."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
