"""`WithoutPeople`: X-Pose for animals, although it takes people's faces for as good."""

from __future__ import annotations

import numpy as np

from .animal_detector import AnimalDetector
from .boxes import box_overlap
from .face import Face, Rgb
from .xpose_detector import XPoseDetector


class WithoutPeople:
    """Takes X-Pose's find unless the picture shows a person there; then the embedded detector's finds count.

    Args:
        xpose: always finds some face.
        embedded: tells people from animals.
    """

    name = XPoseDetector.name

    def __init__(self, xpose: XPoseDetector, embedded: AnimalDetector) -> None:
        self._xpose, self._embedded = xpose, embedded

    def detect(self, rgb: Rgb) -> list[Face]:
        """The animal of a picture (H, W, 3) uint8 RGB, or all of them where X-Pose prefers a person."""
        faces = self._xpose.detect(rgb)
        if not faces or not self._embedded.has_person(rgb):
            return faces
        animals = self._embedded.detect(rgb)
        boxes = np.array([animal.box for animal in animals]).reshape(-1, 4)
        return [face for face in faces if box_overlap(face.box, boxes).any()] or animals

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The animal of the next frame."""
        return next(iter(self.detect(rgb)), None)
