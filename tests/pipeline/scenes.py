"""Scenes of grey squares for the fake detector and engine, as pictures, clips and videos."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from src.media.video_writer import VideoWriter
from src.pipeline.clip import Clip


def grey(level: int, width: int = 128, height: int = 128) -> np.ndarray:
    """A picture (H, W, 3) of one grey level."""
    return np.full((height, width, 3), level, np.uint8)


def people(*levels: int, shift: int = 0) -> np.ndarray:
    """A black picture with a grey square for each level, from left to right; a level of 0 is nobody."""
    rgb = np.zeros((96, 96 * len(levels), 3), np.uint8)
    for number, level in enumerate(levels):
        left = 96 * number + 8 + shift
        rgb[8:88, left : left + 80] = level
    return rgb


def middles(rgb: np.ndarray, n: int) -> list[float]:
    """Grey levels in the middle of each of n parts of a picture, from left to right."""
    width, middle = rgb.shape[1] // n, rgb.shape[0] // 2
    return [
        float(rgb[middle - 4 : middle + 4, width * k + width // 2 - 4 : width * k + width // 2 + 4].mean())
        for k in range(n)
    ]


def make_video(path: Path, levels: list[int], fps: Fraction | int = 25, audio_from: Path | None = None, **size: int):
    """A video whose frames have these grey levels."""
    return write_video(path, [grey(level, **size) for level in levels], fps, audio_from)


def write_video(path: Path, frames, fps: Fraction | int = 25, audio_from: Path | None = None):
    """A video of these frames."""
    with VideoWriter(path, fps, crf=5, audio_from=audio_from) as writer:
        for rgb in frames:
            writer.write(rgb)
    return path


def clip_of(frames, fps: Fraction | int = 25, *, is_video: bool = True) -> Clip:
    """Frames in memory as a clip that is decoded afresh at every pass: nobody else holds a frame."""
    height, width = frames[0].shape[:2]
    return Clip("'c'", None, is_video, Fraction(fps), (width, height), len(frames), lambda: (f.copy() for f in frames))
