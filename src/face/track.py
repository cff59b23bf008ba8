"""One person of a clip: the last known face, where it is heading, and its look."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .appearance import appearance_distance
from .face import Face
from .landmarks import Floats

UNLIKELY = np.inf  # cost of a face that is somebody else

_DRIFT = 0.2  # sides by which a lost face's reach grows with every frame ...
_REACH = 1.0  # ... from so many
_LONG_GONE = 15  # frames, after which a lost face can be anywhere
_NEAR = 1.0  # sides; so near to where it has just been, a face may look a little different
_ALIKE_NEAR, _ALIKE = 0.5, 0.38  # most difference of the looks of one person, near and elsewhere
_PLACE_COUNTS, _OLD_PLACE_COUNTS = 0.3, 0.05  # of a face at the end of the reach, against looks
_SLOWS = 0.95  # a frame, for the speed of a face that is not seen
_ENOUGH_LOOKS, _REAL = 4, 0.25  # part of the searches that must find who is there
_SPEED_LEARNS, _LOOK_LEARNS = 0.3, 0.05  # share of a new frame


@dataclass(eq=False)
class Track:
    """What is known of one person.

    Attributes:
        face: as last seen.
        look: the usual appearance.
        first_x: of the face's centre in the first frame that shows it, pixels.
        velocity: (2,) pixels a frame.
        seen: number of frames that show it.
        lost_for: frames since it was last seen.
        displaced: whether a cut came since then, so that it can be anywhere.
        looks: how often the whole frame was searched while it was followed.
        confirmed: how often that search found it, too.
    """

    face: Face
    look: Floats
    first_x: float
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    seen: int = 1
    lost_for: int = 0
    displaced: bool = False
    looks: int = 0
    confirmed: int = 0

    @classmethod
    def start(cls, face: Face, look: Floats) -> Track:
        """A person seen for the first time."""
        return cls(face, look, float(center_of(face)[0]))

    @property
    def is_doubtful(self) -> bool:
        """Whether only following finds it: a mesh that once was put on some pattern goes on seeing a face there."""
        return self.looks >= _ENOUGH_LOOKS and self.confirmed < _REAL * self.looks

    def confirm(self, detected: bool) -> None:
        """Take into account whether a search of the whole frame found it."""
        self.looks += 1
        self.confirmed += detected

    def expected_box(self) -> NDArray[np.floating]:
        """Where the face should be in the coming frame, (4,) pixels."""
        return self.face.box + np.tile(self._way(), 2)

    def cost(self, face: Face, look: Floats) -> float:
        """How badly a face of the coming frame fits this person: 0 perfectly, below 1; `UNLIKELY` not at all."""
        way = center_of(face) - center_of(self.face) - self._way()
        distance = float(np.linalg.norm(way)) / _side(self.face)
        reach = _REACH + _DRIFT * self.lost_for
        anywhere = self.displaced or self.lost_for > _LONG_GONE
        difference = appearance_distance(self.look, look)
        alike = difference <= (_ALIKE_NEAR if distance <= _NEAR and not anywhere else _ALIKE)
        if not alike or not (anywhere or distance <= reach):
            return UNLIKELY
        return difference + (_OLD_PLACE_COUNTS if anywhere else _PLACE_COUNTS) * min(distance / reach, 1.0)

    def see(self, face: Face, look: Floats, *, alone: bool, clear: bool) -> None:
        """Take the face of the coming frame for this person's.

        Args:
            face: it.
            look: its appearance.
            alone: no other head touches it, so that its movement is its own.
            clear: alone and wholly in the picture, so that its look is its own.
        """
        if self.lost_for or self.displaced:
            self.velocity[:] = 0
        elif alone:
            self.velocity += _SPEED_LEARNS * (center_of(face) - center_of(self.face) - self.velocity)
        if clear:
            self.look = self.look + _LOOK_LEARNS * (look - self.look)
        self.face, self.lost_for, self.displaced = face, 0, False
        self.seen += 1

    def miss(self) -> None:
        """The coming frame does not show this person."""
        self.lost_for += 1

    def displace(self) -> None:
        """A new shot begins with the coming frame."""
        self.velocity[:] = 0
        self.displaced = True

    def _way(self) -> NDArray[np.float64]:
        """From the last known place to that in the coming frame, ever slower."""
        return self.velocity * (1 - _SLOWS ** (self.lost_for + 1)) / (1 - _SLOWS)


def center_of(face: Face) -> NDArray[np.float64]:
    """The middle of a face's box, (2,) pixels."""
    return (face.box[:2].astype(np.float64) + face.box[2:]) / 2


def _side(face: Face) -> float:
    return max(float((face.box[2:] - face.box[:2]).max()), 1.0)
