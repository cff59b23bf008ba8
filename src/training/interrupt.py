"""Ctrl-C and SIGTERM while a run trains: it is asked to stop between two steps, when it can be saved."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_NOTED = b"stopping as soon as this step is done and saved; once more Ctrl-C stops at once\n"
_STDERR = 2


class StopRequest:
    """Whether somebody asked the run to stop.

    Args:
        quiet: say nothing when it happens.

    Attributes:
        made: it was asked.
    """

    def __init__(self, quiet: bool = False) -> None:
        self.made = False
        self._quiet, self._process = quiet, os.getpid()

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
        if not self._quiet:
            with suppress(OSError):  # no logging: the signal may have come while the console's lock was held
                os.write(_STDERR, _NOTED)


@contextmanager
def stop_request(quiet: bool = False) -> Iterator[StopRequest]:
    """Take both signals as a request for as long as this lasts; in a thread that may not, they stay what they are.

    Args:
        quiet: see `StopRequest`.

    Yields:
        The request, to be looked at between two steps.
    """
    request = StopRequest(quiet)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
