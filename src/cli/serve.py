"""`serve.py`, and its command `liveportrait-serve`: the HTTP service."""

from __future__ import annotations

from collections.abc import Sequence

import tyro
from rich.console import Console

from ..config.service_options import ServiceOptions
from ..errors import InputError
from .console import run_command

HELP = """Animate portraits over HTTP.

  python serve.py
  curl -F source=@portrait.jpg -F driving=@video.mp4 http://127.0.0.1:7862/animate

The page http://127.0.0.1:7862/docs lists all that can be asked. There is no password: for others than this
machine, put a server in front that knows who may come."""
_NEEDED = ("fastapi", "starlette", "pydantic", "uvicorn", "python_multipart")


def parse(argv: Sequence[str] | None = None) -> ServiceOptions:
    """Read a command line; wrong options end the program with tyro's message and exit code 2.

    Args:
        argv: the words after the program's name; None = those of this process.
    """
    return tyro.cli(ServiceOptions, description=HELP, args=argv, use_underscores=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, serve until stopped; returns the exit code."""
    return run_command(parse, _serve, argv)


def _serve(options: ServiceOptions, console: Console) -> None:
    options.check()
    try:
        from ..service.run import serve  # neither torch nor fastapi for --help
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        raise InputError(
            f'the service needs packages that are not installed ({error.name}): pip install ".[serve]"'
        ) from error
    serve(options)
