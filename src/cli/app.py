"""`app.py` and `app_animals.py`, and their commands `liveportrait-app` and `liveportrait-app-animals`."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

from rich.console import Console

from ..config.argument_config import ArgumentConfig
from ..config.options import AppOptions, CropOptions, ModelOptions, RuntimeOptions
from ..errors import LivePortraitError
from .console import run_and_report, silence_stdout
from .groups import parse_groups

PEOPLE = """Open a web page on which portraits are animated, edited and driven by the camera.

  python app.py
  python app.py --model compact --server_port 8889"""
ANIMALS = """Open a web page on which cats and dogs are animated.

  python app_animals.py
  python app_animals.py --model compact --server_port 8889"""

_log = logging.getLogger(__name__)


@dataclass
class _Groups:
    """The options in the groups under which --help lists them; the rest is set on the page."""

    app: AppOptions = field(default_factory=AppOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)
    crop: CropOptions = field(default_factory=CropOptions)


def parse(argv: Sequence[str] | None = None, *, animals: bool = False) -> ArgumentConfig:
    """Read a command line; wrong options end the program with tyro's message and exit code 2.

    Args:
        argv: the words after the program's name; None = those of this process.
        animals: of the page for animals.
    """
    options = parse_groups(_Groups(), ANIMALS if animals else PEOPLE, argv)
    return ArgumentConfig(**options, animals=animals, flag_stitching=not animals)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the page for people; returns the exit code."""
    return _main(argv, animals=False)


def main_animals(argv: Sequence[str] | None = None) -> int:
    """Serve the page for animals; returns the exit code."""
    return _main(argv, animals=True)


def _main(argv: Sequence[str] | None, *, animals: bool) -> int:
    try:
        args = parse(argv, animals=animals)
    except BrokenPipeError:  # `--help | head`
        silence_stdout()
        return 0

    def serve(console: Console) -> None:
        if find_spec("gradio") is None:
            raise LivePortraitError("the page needs gradio, which is not installed: pip install '.[cpu,apps]'")
        from ..apps.launch import open_page  # torch and gradio take seconds to import: not for --help

        with open_page(args, animals=animals) as address:
            _log.info("the page is at %s (Ctrl+C stops it)", address)
            threading.Event().wait()

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave as after Ctrl+C: folders are removed
    return run_and_report(serve)
