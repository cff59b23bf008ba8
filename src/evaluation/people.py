"""Who is animated by whom: one picture of every person, and clips of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .choose_frames import neutral_frame, spread_frames
from .clip import Clip, Meshes, Pictures

MOST_STILLS = 3  # of a person that are sources


@dataclass(frozen=True)
class Sitter:
    """A picture that is animated.

    Attributes:
        clip: that it is a frame of; a still is a clip of one.
        frame: its number.
    """

    clip: Clip
    frame: int

    @property
    def name(self) -> str:
        """Clip and frame."""
        return f"{self.clip.name}/{self.frame}"

    @cached_property
    def picture(self) -> Pictures:
        """(1, 256, 256, 3)."""
        return self.clip.pictures([self.frame])

    @property
    def mesh(self) -> Meshes:
        """(1, 478, 3) in crop coordinates."""
        return self.clip.meshes[[self.frame]]


@dataclass(frozen=True)
class Pair:
    """A picture of one person, and frames of another who drives it.

    Attributes:
        sitter: the source.
        driver: the driving clip.
        first: its most neutral frame, which counts as its first: what relative motion is measured from.
        frames: that are drawn.
    """

    sitter: Sitter
    driver: Clip
    first: int
    frames: list[int]


def sitters_of(clips: Sequence[Clip], stills: Sequence[Clip]) -> list[Sitter]:
    """The most neutral frame of the longest clip of every person, and the first three stills of each by name."""
    sitters = [Sitter(clip, neutral_frame(clip.motion)) for clip in longest_clips(clips)]
    taken: Counter[str] = Counter()
    for still in sorted(stills, key=lambda still: still.name):
        taken[still.identity] += 1
        if taken[still.identity] <= MOST_STILLS:
            sitters.append(Sitter(still, 0))
    return sitters


def pairs_of(sitters: Sequence[Sitter], clips: Sequence[Clip], frames: int) -> list[Pair]:
    """Every sitter with the longest clip of every other person, in which so many frames are drawn."""
    drivers = [(clip, neutral_frame(clip.motion)) for clip in longest_clips(clips)]
    return [
        Pair(sitter, driver, first, spread_frames(len(driver), frames, first))
        for sitter in sitters
        for driver, first in drivers
        if driver.identity != sitter.clip.identity
    ]


def longest_clips(clips: Sequence[Clip]) -> list[Clip]:
    """One a person, in the order of their labels; of equally long ones the first by name."""
    people: dict[str, list[Clip]] = {}
    for clip in clips:
        people.setdefault(clip.identity, []).append(clip)
    return [min(people[identity], key=lambda clip: (-len(clip), clip.name)) for identity in sorted(people)]
