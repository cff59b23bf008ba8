"""What every source of frames offers: video files, animated GIFs and folders of pictures alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a constant-rate stream.

    Do not write into its picture: neighbours may share one array (a clip of variable rate repeats frames).
    """

    index: int
    pts: Fraction
    """Seconds since the first frame: ``index / fps``."""
    rgb: np.ndarray
    """(H, W, 3) uint8."""


class FrameStream(Protocol):
    """Frames at a constant rate, one by one.

    Every ``iter()`` starts from the first frame again and holds one frame at a time, so that a pass over a long clip
    takes no more memory than one over a short clip. No file stays open between passes: there is nothing to close.
    """

    @property
    def fps(self) -> Fraction:
        """Frames per second, exact."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""
        ...

    @property
    def n_frames(self) -> int:
        """Frames of one pass; a damaged file may give fewer."""
        ...

    def __iter__(self) -> Iterator[Frame]: ...
