"""What goes wrong, said on the page in one clear line."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import gradio as gr

from ..errors import Cancelled, LivePortraitError

_log = logging.getLogger(__name__)
_PACKAGE = __name__.partition(".")[0]
_SECONDS = 12.0

P = ParamSpec("P")
T = TypeVar("T")


def toasting(event: Callable[P, T]) -> Callable[P, T]:
    """An event's function whose errors appear as toasts, and whose warnings do as well.

    A run that was cancelled changes nothing; what is our own fault is logged, and said to be that.
    """

    @wraps(event)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with _warnings_as_toasts():
                return event(*args, **kwargs)
        except Cancelled:
            gr.Info("Stopped: nothing was written.")
            skipped: T = gr.skip()
            return skipped
        except LivePortraitError as error:
            raise gr.Error(plain(str(error)), duration=_SECONDS, print_exception=False) from error
        except gr.Error:
            raise
        except Exception as error:
            _log.exception("an event of the page failed")
            raise gr.Error("This failed inside the program; its log says more.", print_exception=False) from error

    return guarded


@contextmanager
def _warnings_as_toasts() -> Iterator[None]:
    """Show the warnings that this project's log gets from this thread."""
    thread = threading.get_ident()

    class Toasts(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                gr.Warning(plain(record.getMessage()), duration=_SECONDS)

    handler = Toasts(logging.WARNING)
    logger = logging.getLogger(_PACKAGE)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def plain(message: str) -> str:
    """A message as a visitor of the page should see it: files without the folders of this machine."""
    message = re.sub(r"'(?:[^'/\n]*/)+([^'/\n]+)'", r"'\1'", message)
    message = re.sub(r"(?<![\w/])/(?:[^\s/':]+/)+", "", message)  # without quotes
    message = message.replace("inference_animals.py", "app_animals.py").replace("inference.py", "app.py")
    begins_with_file = "." in message.partition(" ")[0]
    return message if begins_with_file else message[:1].upper() + message[1:]
