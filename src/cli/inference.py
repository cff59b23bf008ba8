"""`inference.py` and the command `liveportrait`: animate a portrait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import tyro
from rich.console import Console

from ..config.argument_config import ArgumentConfig
from ..config.options import (
    AppOptions,
    CropOptions,
    FrameOptions,
    InputOptions,
    ModelOptions,
    MotionOptions,
    OutputOptions,
    RuntimeOptions,
)
from .console import ProgressBars, run_and_report, silence_stdout

DESCRIPTION = """Make a portrait move like the face in a driving video.

Without options the example portrait is animated by the example video:
  python inference.py
  python inference.py --source portrait.jpg --driving video.mp4 --output result.mp4"""


@dataclass
class _Groups:
    """The options in the groups under which --help lists them."""

    input: InputOptions = field(default_factory=InputOptions)
    output: OutputOptions = field(default_factory=OutputOptions)
    motion: MotionOptions = field(default_factory=MotionOptions)
    frame: FrameOptions = field(default_factory=FrameOptions)
    crop: CropOptions = field(default_factory=CropOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    runtime: RuntimeOptions = field(default_factory=RuntimeOptions)
    app: AppOptions = field(default_factory=AppOptions)


def parse(argv: Sequence[str] | None = None) -> ArgumentConfig:
    """Read a command line; wrong options end the program with tyro's message and exit code 2."""
    groups = tyro.cli(tyro.conf.OmitArgPrefixes[_Groups], description=DESCRIPTION, args=argv, use_underscores=True)
    flat: dict[str, Any] = {}
    for group in fields(groups):
        flat |= vars(getattr(groups, group.name))
    flat["driving"] = _one_or_several(flat["driving"])
    return ArgumentConfig(**flat)


def _one_or_several(drivings: list[str]) -> str | list[str] | None:
    """What was given as --driving; as with other options, the word None takes nothing."""
    given = [driving for driving in drivings if driving != "None"]
    return given if len(given) > 1 else given[0] if given else None


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, animate, report; returns the exit code."""
    try:
        args = parse(argv)
    except BrokenPipeError:  # `--help | head`
        silence_stdout()
        return 0

    def animate(console: Console) -> str:
        from ..live_portrait_wrapper import LivePortraitWrapper  # torch takes seconds to import: not for --help

        wrapper = LivePortraitWrapper.from_arguments(args)
        with ProgressBars(console) as progress:
            return wrapper.execute(args, progress=progress)

    return run_and_report(animate)
