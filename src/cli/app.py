"""`app.py` and `app_animals.py`, and their commands `liveportrait-app` and `liveportrait-app-animals`."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from types import FrameType

from rich.console import Console

from ..config.argument_config import ArgumentConfig
from ..errors import LivePortraitError
from . import inference
from .console import run_command
from .process import wait_for_a_signal

PEOPLE = """Open a web page on which portraits are animated, edited and driven by the camera.

  python app.py
  python app.py --model compact --server_port 8889

What the page has widgets for begins with the values given here."""
ANIMALS = """Open a web page on which cats and dogs are animated.

  python app_animals.py
  python app_animals.py --model compact --server_port 8889

What the page has widgets for begins with the values given here."""

_log = logging.getLogger(__name__)


def parse(argv: Sequence[str] | None = None, *, animals: bool = False) -> ArgumentConfig:
    """Read a command line, with all options of `inference.py`: what the page has widgets for begins with them.

    Args:
        argv: the words after the program's name; None = those of this process.
        animals: of the page for animals.
    """
    return inference.parse(argv, animals=animals, description=ANIMALS if animals else PEOPLE)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the page for people; returns the exit code."""
    return _main(argv, animals=False)


def main_animals(argv: Sequence[str] | None = None) -> int:
    """Serve the page for animals; returns the exit code."""
    return _main(argv, animals=True)


def _main(argv: Sequence[str] | None, *, animals: bool) -> int:
    def serve(args: ArgumentConfig, console: Console) -> None:
        if find_spec("gradio") is None:
            raise LivePortraitError("the page needs gradio, which is not installed: pip install '.[cpu,apps]'")
        with _sigterm_like_ctrl_c():
            from ..apps.launch import open_page  # torch and gradio take seconds to import: not for --help

            with open_page(args, animals=animals) as address:
                _log.info("the page is at %s (Ctrl+C stops it)", address)
                wait_for_a_signal()

    return run_command(partial(parse, animals=animals), serve, argv)


@contextmanager
def _sigterm_like_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, frame: FrameType | None) -> None:
    """End as after Ctrl+C, so that runs end and folders are removed; being asked once more must not disturb that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
