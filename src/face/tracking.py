"""Follow one face through the frames of a clip."""

from __future__ import annotations

import logging

import numpy as np

from .boxes import box_overlap
from .cuts import CutFinder
from .face import Face, FaceDetector, Rgb

logger = logging.getLogger(__name__)

_STAYS = 0.1  # least overlap of a face with itself one frame later
_NEAR = 1.0  # a lost face is looked for within this many of its sides ...
_DRIFT = 0.2  # ... and so many more for every frame since it was seen


class FaceTracker:
    """Gives for every frame of a clip the same face, or None where it is not to be seen.

    A face is followed from frame to frame and detected anew when it is lost. Among several finds the one that
    overlaps the last known place most is the same face, else the nearest one that it can have moved to; with the
    time since it was last seen the reach grows. After a hard cut nothing is known: the largest face is taken.

    Args:
        detector: finds faces and follows them.
    """

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector
        self._cuts = CutFinder()
        self._last: Face | None = None
        self._lost_for = 0  # frames
        self._shot = 0

    @property
    def shot(self) -> int:
        """Number of the shot that the last frame belongs to: the hard cuts so far."""
        return self._shot

    def feed(self, rgb: Rgb) -> Face | None:
        """The face in the next frame, (H, W, 3) uint8.

        Raises:
            InputError: not a picture.
        """
        if self._cuts.feed(rgb):
            logger.debug("a cut: looking for the face afresh")
            self._last = None
            self._shot += 1
        face = self._follow(rgb) or self._detect(rgb)
        if face is None:
            self._lost_for += 1
            return None
        self._last, self._lost_for = face, 0
        return face

    def _follow(self, rgb: Rgb) -> Face | None:
        if self._last is None or self._lost_for:
            return None
        face = self._detector.follow(rgb, self._last)
        if face is None or box_overlap(self._last.box, face.box[None])[0] < _STAYS:
            logger.debug("lost the face, looking for it again")
            return None
        return face

    def _detect(self, rgb: Rgb) -> Face | None:
        faces = self._detector.detect(rgb)
        if not faces or self._last is None:
            return faces[0] if faces else None
        boxes = np.stack([face.box for face in faces])
        overlaps = box_overlap(self._last.box, boxes)
        if overlaps.max() > 0:
            return faces[int(overlaps.argmax())]
        distances = np.linalg.norm(_centers(boxes) - _centers(self._last.box[None]), axis=1)
        nearest = int(distances.argmin())
        reach = (_NEAR + _DRIFT * (self._lost_for + 1)) * float((self._last.box[2:] - self._last.box[:2]).max())
        return faces[nearest] if distances[nearest] <= reach else None


def _centers(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, :2] + boxes[:, 2:]) / 2
