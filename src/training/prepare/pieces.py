"""Cut a clip into pieces: runs of frames without a cut, of one face that stays within one crop.

Only numbers are kept, and of `--longest` frames at most, so that a clip may be as long as it likes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .crop import SCALE
from .quality import Reason, Sight

LONGEST_GAP = 25  # frames without a good sight, after which a new piece begins
DRIFT = 0.8  # face sizes that the centre may travel across or down ...
GROWTH = 1.5  # ... and times that the face may grow within one piece: more, and it leaves the crop

Sights = dict[int, "Sight | Reason"]  # by person


@dataclass
class Piece:
    """Frames of one person that can share one crop."""

    person: int
    sights: list[Sight] = field(default_factory=list)
    _low: NDArray[np.float64] | None = None
    _high: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.sights)

    @property
    def face_px(self) -> float:
        """Median size of the face."""
        return float(np.median([sight.face_px for sight in self.sights]))

    def fits(self, sight: Sight, *, fixed: bool) -> bool:
        """Whether the next sight can belong to the piece, too.

        Args:
            sight: it.
            fixed: the crop is given, so that the face may move as it likes.
        """
        if self._low is None or self._high is None:
            return True
        if sight.frame - self.sights[-1].frame > LONGEST_GAP:
            return False
        low, high = np.minimum(self._low, sight.place[:3]), np.maximum(self._high, sight.place[:3])
        stays = (high - low)[:2].max() <= DRIFT * low[2] / SCALE and high[2] <= GROWTH * low[2]
        return fixed or bool(stays)

    def add(self, sight: Sight) -> None:
        """Append a sight."""
        place = sight.place[:3]
        self._low = place if self._low is None else np.minimum(self._low, place)
        self._high = place if self._high is None else np.maximum(self._high, place)
        self.sights.append(sight)


@dataclass
class Section:
    """Frames of one shot, `longest` at most.

    Attributes:
        first: number of its first frame.
        end: number of the first frame after it.
        shot: number of the shot.
        pieces: of all people in it, by their first frame.
        dropped: frames that are in no piece, and why.
    """

    first: int
    end: int
    shot: int
    pieces: list[Piece] = field(default_factory=list)
    dropped: Counter[Reason] = field(default_factory=Counter)


def sections(frames: Iterable[tuple[int, Sights]], longest: int, *, fixed: bool = False) -> Iterator[Section]:
    """Cut a clip into sections and those into pieces.

    Args:
        frames: of every frame the number of its shot and what was seen of each person.
        longest: most frames of a section.
        fixed: the crop is given: pieces end at cuts and gaps alone.

    Yields:
        Sections without gaps between them, each as soon as it is complete.
    """
    section: Section | None = None
    open_pieces: dict[int, Piece] = {}
    for number, (shot, sights) in enumerate(frames):
        if section is not None and (shot != section.shot or number - section.first >= longest):
            yield section
            section = None
        if section is None:
            section, open_pieces = Section(number, number, shot), {}
        section.end = number + 1
        if not sights:
            section.dropped[Reason.NO_FACE] += 1
        for person, sight in sights.items():
            if isinstance(sight, Reason):
                section.dropped[sight] += 1
                continue
            piece = open_pieces.get(person)
            if piece is None or not piece.fits(sight, fixed=fixed):
                piece = open_pieces[person] = Piece(person)
                section.pieces.append(piece)
            piece.add(sight)
    if section is not None:
        yield section


def largest(pieces: list[Piece], faces: int) -> tuple[list[Piece], list[Piece]]:
    """The pieces of the people with the largest faces, and those of all others.

    Args:
        pieces: of one section.
        faces: number of people.
    """
    sizes: dict[int, float] = {}
    for piece in pieces:
        sizes[piece.person] = max(piece.face_px, sizes.get(piece.person, 0.0))
    chosen = sorted(sizes, key=lambda person: -sizes[person])[:faces]
    return [p for p in pieces if p.person in chosen], [p for p in pieces if p.person not in chosen]
