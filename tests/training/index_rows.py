"""Entries of the index of a training folder that a test makes."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from src.training.data.index import IndexRow


def index_row(name: str, frames: int, **changes: Any) -> IndexRow:
    """A clip to train on, or a still where there is one frame; the identity is the name without its number."""
    still = frames == 1
    row = IndexRow(
        name=name,
        kind="still" if still else "clip",
        identity=name.rpartition("_")[0],
        split="train",
        frames=frames,
        size=288,
        fps=None if still else Fraction(25),
        source=f"{name}.mp4",
        shot=0,
        licence="made by a test",
        origin="",
        face_px=100.0,
        sharpness=100.0,
        yaw_range=20.0,
        lip_range=0.5,
    )
    return replace(row, **changes)
