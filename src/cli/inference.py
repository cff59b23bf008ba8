"""`inference.py` and `inference_animals.py`, and their commands `liveportrait` and `liveportrait-animals`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

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
from .console import ProgressBars, run_command
from .groups import parse_groups

PEOPLE = """Make a portrait move like the face in a driving video.

Without options the example portrait is animated by the example video:
  python inference.py
  python inference.py --source portrait.jpg --driving video.mp4 --output result.mp4"""
ANIMALS = """Make the face of a cat or dog move like the face in a driving video.

Without options the example cat is animated by an example template:
  python inference_animals.py
  python inference_animals.py --source cat.jpg --driving video.mp4 --output result.mp4
  python inference_animals.py --source dog.jpg --source_points 90,113 159,115 124,165 124,188"""


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


def parse(
    argv: Sequence[str] | None = None, *, animals: bool = False, description: str | None = None
) -> ArgumentConfig:
    """Read a command line; wrong options end the program with tyro's message and exit code 2.

    Args:
        argv: the words after the program's name; None = those of this process.
        animals: with the defaults of animals, which are not stitched.
        description: what --help says first; None = what this command does.
    """
    default = _Groups(InputOptions(animals=True), motion=MotionOptions(flag_stitching=False)) if animals else _Groups()
    flat = parse_groups(default, description or (ANIMALS if animals else PEOPLE), argv)
    flat["driving"] = _one_or_several(flat["driving"])
    return ArgumentConfig(**flat)


def _one_or_several(drivings: list[str] | None) -> str | list[str] | None:
    """What was given as --driving; as with other options, the word None takes nothing."""
    given = [driving for driving in drivings or [] if driving != "None"]
    return given if len(given) > 1 else given[0] if given else None


def main(argv: Sequence[str] | None = None) -> int:
    """Animate people: parse, animate, report; returns the exit code."""
    return _main(argv, animals=False)


def main_animals(argv: Sequence[str] | None = None) -> int:
    """Animate animals: parse, animate, report; returns the exit code."""
    return _main(argv, animals=True)


def _main(argv: Sequence[str] | None, *, animals: bool) -> int:
    def animate(args: ArgumentConfig, console: Console) -> str:
        # torch takes seconds to import: not for --help
        from ..live_portrait_wrapper import LivePortraitWrapper, LivePortraitWrapperAnimal

        wrapper = (LivePortraitWrapperAnimal if animals else LivePortraitWrapper).from_arguments(args)
        with ProgressBars(console) as progress:
            return wrapper.execute(args, progress=progress)

    return run_command(partial(parse, animals=animals), animate, argv)
