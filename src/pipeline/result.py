"""`AnimationResult`: the path of what was made, with what a caller may want to know about it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from .report import Report


class AnimationResult(str):
    """Path of the main result; a plain string for JSON, URLs and `open()`.

    Attributes:
        concat: path of the side-by-side version, if one was made.
        template: path of the motion template, if one was saved.
        gif: path of the animated GIF of an animal's video; None for people.
        n_frames: frames of the result.
        fps: exact frame rate; None for a picture.
        report: what the run did: faces, missed frames, time by stage, memory.
    """

    concat: str | None
    template: str | None
    gif: str | None
    n_frames: int
    fps: Fraction | None
    report: Report | None

    def __new__(
        cls,
        path: Path | str,
        *,
        concat: Path | None = None,
        template: Path | None = None,
        gif: Path | None = None,
        n_frames: int = 1,
        fps: Fraction | None = None,
        report: Report | None = None,
    ) -> AnimationResult:
        """Make a result from its path and facts."""
        result = super().__new__(cls, str(path))
        result.concat = None if concat is None else str(concat)
        result.template = None if template is None else str(template)
        result.gif = None if gif is None else str(gif)
        result.n_frames, result.fps, result.report = n_frames, fps, report
        return result
