"""`Timeline`: which moment of each driver a frame of the result shows (spec: pipeline, sections 7 and 15).

Source and drivers of different frame rates are aligned by time. Where the rates are equal that is the official pairing,
frame by frame, which `align="index"` forces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Align = Literal["time", "index"]


class Timed(Protocol):
    """What has a length: a source or a driver; a still has none."""

    @property
    def is_video(self) -> bool:
        """Whether it changes over time."""
        ...

    @property
    def fps(self) -> Fraction:
        """Frames per second."""
        ...

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        ...


@dataclass(frozen=True)
class Timeline:
    """The frames of a result.

    Attributes:
        fps: exact frame rate.
        n_frames: how many.
        align: "time", or "index" to pair frames whatever their rates.
        is_video: False where both source and drivers are stills.
    """

    fps: Fraction
    n_frames: int
    align: Align
    is_video: bool

    def positions(self, driver: Timed) -> NDArray[np.float64]:
        """Where in the driver each frame of the result lies, in fractional frames (n_frames,)."""
        if not driver.is_video:
            return np.zeros(self.n_frames)
        step = Fraction(1) if self.align == "index" else driver.fps / self.fps
        # exact arithmetic: a whole position must not come out a hair below
        positions = np.array([float(k * step) for k in range(self.n_frames)])
        return np.minimum(positions, driver.n_frames - 1)

    def needed(self, driver: Timed) -> int:
        """How many frames of a driver make the result, the one after its last moment included."""
        step = Fraction(1) if self.align == "index" else driver.fps / self.fps
        shown = max(ceil(self.n_frames * step), ceil((self.n_frames - 1) * step) + 1)
        return min(shown, driver.n_frames) if driver.is_video else driver.n_frames


def make_timeline(source: Timed, drivers: Sequence[Timed], align: Align) -> Timeline:
    """Rate and length of a result: those of a source video, else those of the first driver that is a video.

    The result ends with the first of its videos to end. Lengths are compared in seconds, rounded to whole frames.

    Args:
        source: picture or video.
        drivers: one or more.
        align: how frames of different rates are paired.
    """
    videos = [timed for timed in (source, *drivers) if timed.is_video]
    if not videos:
        return Timeline(drivers[0].fps, 1, align, is_video=False)
    fps = videos[0].fps
    lengths = [_length(video, fps, align) for video in videos]
    n_frames = min(lengths)
    return Timeline(fps, n_frames, align, is_video=True)


def _length(video: Timed, fps: Fraction, align: Align) -> int:
    """Frames at the result's rate."""
    if align == "index" or video.fps == fps:
        return video.n_frames
    return max(1, round(video.n_frames / video.fps * fps))
