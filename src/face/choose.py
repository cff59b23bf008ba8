"""Which of several faces are meant: `largest`, `all`, or numbers counted from left to right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from ..errors import InputError
from .face import Face

FaceChoice = Literal["largest", "all"] | tuple[int, ...]


def parse_faces(text: str) -> FaceChoice:
    """What the option `faces` asks for.

    Args:
        text: "largest", "all", or numbers of faces from left to right, beginning with 0 ("0,2").

    Raises:
        InputError: anything else, or a number given twice.
    """
    word = text.strip().lower()
    if word == "largest":
        return "largest"
    if word == "all":
        return "all"
    numbers = [part.strip() for part in word.split(",")]
    if not all(re.fullmatch("[0-9]{1,9}", number) for number in numbers):
        raise InputError(f"--faces must be largest, all, or numbers from left to right such as 0,2, got {text!r}")
    choice = tuple(int(number) for number in numbers)
    if len(set(choice)) < len(choice):
        raise InputError(f"--faces names a face twice: {text!r}")
    return choice


def left_to_right(faces: Sequence[Face]) -> list[Face]:
    """The faces in the order of the middles of their boxes."""
    return sorted(faces, key=lambda face: float(face.box[0] + face.box[2]))


def choose_faces(faces: Sequence[Face], choice: FaceChoice, where: str) -> list[Face]:
    """The faces that are meant.

    Args:
        faces: what a detector found, in any order; may be empty, and the result is then empty unless single faces are
            asked for.
        choice: of `parse_faces`.
        where: the picture, for messages, e.g. "the source 'a.jpg'".

    Returns:
        The largest face alone, all faces from left to right, or the faces of the given numbers in the order asked for.

    Raises:
        InputError: a number beyond the last face.
    """
    by_size = sorted(faces, key=lambda face: -face.area)
    ordered = by_size if choice == "largest" else left_to_right(faces)
    return [ordered[number] for number in choose_numbers(len(ordered), choice, where)]


def choose_numbers(count: int, choice: FaceChoice, where: str) -> list[int]:
    """The places of the chosen faces in a list of `count` faces.

    Args:
        count: number of faces.
        choice: of `parse_faces`; "largest" takes the first, so that the list must then begin with the largest.
        where: the picture, for messages.

    Raises:
        InputError: a number beyond the last face.
    """
    if isinstance(choice, str):
        return list(range(count))[: 1 if choice == "largest" else None]
    beyond = [number for number in choice if number >= count]
    if beyond:
        raise InputError(f"--faces asks for face {beyond[0]}, but {where} shows {_count(count)}")
    return list(choice)


def _count(n: int) -> str:
    """How many faces there are, with the numbers they go by."""
    if n <= 1:
        return f"{n} face (number 0)" if n else "no face"
    return f"{n} faces (numbers 0 to {n - 1}, from left to right)"
