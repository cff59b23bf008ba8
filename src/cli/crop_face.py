"""`crop_face.py` and the command `liveportrait-crop-face`: cut faces out of pictures and videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console

from ..config.crop_face_options import CropFaceOptions
from .console import ProgressBars, run_command

if TYPE_CHECKING:
    from ..pipeline.crop_face import FoundFaces

DESCRIPTION = """Cut the face out of a picture, or out of a video for driving.

Examples:
  python crop_face.py --input source.jpg --output cropped.jpg
  python crop_face.py --input cat.jpg --output cropped.jpg --animal
  python crop_face.py --input people.jpg --list
  python crop_face.py --input people.jpg --faces 0,2 --output cropped.jpg"""


@dataclass
class CropFaceArguments:
    """All that the command line says."""

    input: Annotated[str, tyro.conf.arg(aliases=["-i"], metavar="PATH")]
    """Picture, video, animated GIF or folder of pictures."""
    output: Annotated[
        str | None,
        tyro.conf.arg(aliases=["-o"], metavar="PATH", help_behavior_hint="(default: <input>_crop.jpg or .mp4)"),
    ] = None
    """File or folder for the result; several faces get their numbers behind its name."""
    list_faces: Annotated[bool, tyro.conf.arg(name="list")] = False
    """Only list the faces, from left to right, and mark them in a copy of the picture (<input>_faces.jpg)."""
    crop: CropFaceOptions = field(default_factory=CropFaceOptions)


def parse(argv: Sequence[str] | None = None) -> CropFaceArguments:
    """Read a command line; wrong options end the program with tyro's message and exit code 2."""
    return tyro.cli(
        tyro.conf.OmitArgPrefixes[CropFaceArguments], description=DESCRIPTION, args=argv, use_underscores=True
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, find, cut, report; returns the exit code."""
    return run_command(parse, _crop, argv)


def _crop(args: CropFaceArguments, console: Console) -> str:
    from ..pipeline.crop_face import crop_face, list_faces  # takes seconds to import: not for --help

    if args.list_faces:
        found = list_faces(args.input, args.output, **vars(args.crop))
        return "\n".join([*_table(found), str(found.picture)])
    with ProgressBars(console) as progress:
        files = crop_face(args.input, args.output, progress=progress, **vars(args.crop))
    return "\n".join(str(file) for file in files)


def _table(found: FoundFaces) -> list[str]:
    """A headline, and a line for every face: number, box and size in pixels, score."""
    row = "{:>4} {:>7} {:>7} {:>7} {:>7} {:>11} {:>6}".format
    lines = [row("face", "left", "top", "right", "bottom", "size", "score")]
    for number, face in enumerate(found.faces):
        left, top, right, bottom = (round(float(value)) for value in face.box)
        lines.append(row(number, left, top, right, bottom, f"{right - left}x{bottom - top}", f"{face.score:.2f}"))
    return lines
