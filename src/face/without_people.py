"""`WithoutPeople`: X-Pose for animals, although it takes people's faces for as good and always finds something."""

from __future__ import annotations

import logging

from .animal_detector import AnimalDetector
from .face import Face, Rgb
from .landmarks import Floats
from .xpose_detector import XPoseDetector

_log = logging.getLogger(__name__)


class WithoutPeople:
    """Takes X-Pose's find unless it is unsure or lies on a person's face; then the embedded detector's finds count.

    Args:
        xpose: finds the best face of a picture.
        embedded: tells people from animals.
    """

    name = XPoseDetector.name

    def __init__(self, xpose: XPoseDetector, embedded: AnimalDetector) -> None:
        self._xpose, self._embedded = xpose, embedded

    def detect(self, rgb: Rgb) -> list[Face]:
        """The animal of a picture (H, W, 3) uint8 RGB as X-Pose sees it, or all that the embedded detector finds."""
        faces = self._xpose.detect(rgb)
        if faces and not any(_lies_in(faces[0], box) for box in self._embedded.people(rgb)):
            return faces
        _log.info("the detector %s looks instead of X-Pose, which is unsure or sees a person", self._embedded.name)
        return self._embedded.detect(rgb)

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The animal of the next frame."""
        return next(iter(self.detect(rgb)), None)


def _lies_in(face: Face, box: Floats) -> bool:
    """Whether the middle of a face lies in a box."""
    middle = (face.box[:2] + face.box[2:]) / 2
    return bool((middle >= box[:2]).all() and (middle <= box[2:]).all())
