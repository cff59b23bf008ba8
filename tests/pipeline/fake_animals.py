"""Stand-ins for animals: warm colours are their fur, and the detector of people sees them as people, too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from src.face.boxes import box_of
from src.face.face import Face, Scheme
from src.pipeline.finders import Finders

from .fakes import FakeDetector, faces_in
from .scenes import grey

_WARMTH = 20  # grey levels by which red lies above blue
PLACES = np.array([(-0.4, -0.4), (0.4, -0.4), (0.0, 0.2), (0.0, 0.5)])  # eyes, nose, mouth


def fur(level: int, width: int = 128, height: int = 128) -> np.ndarray:
    """A picture (H, W, 3) of one warm colour, whose mean is about that grey level."""
    return warm(grey(level, width, height))


def warm(rgb: np.ndarray) -> np.ndarray:
    """A picture that shows animals where it showed people."""
    shown = rgb.max(axis=2, keepdims=True) > _WARMTH // 2
    tint = np.array([_WARMTH // 2, 0, -_WARMTH // 2])
    return np.where(shown, rgb.astype(int) + tint, rgb).clip(0, 255).astype(np.uint8)


class FakePersonDetector(FakeDetector):
    """Takes animals for people, too, but less surely."""

    def find(self, rgb):
        is_fur = int(rgb[..., 0].max()) - int(rgb[..., 2].max()) >= _WARMTH // 2
        return [replace(face, score=0.8) if is_fur else face for face in faces_in(rgb)]


class FakeAnimalDetector(FakeDetector):
    """Finds the four points of what is neither black nor grey."""

    name = "fake animals"

    def find(self, rgb):
        if int(rgb[..., 0].max()) - int(rgb[..., 2].max()) < _WARMTH // 2:
            return []
        return [_animal(face) for face in faces_in(rgb)]


def _animal(face: Face) -> Face:
    middle, size = (face.box[:2] + face.box[2:]) / 2, face.box[2] - face.box[0]
    points = (PLACES * size + middle).astype(np.float32)
    return Face(box_of(points), face.score, points, Scheme.POINTS4)


class Asked:
    """Finders that note, in order, what was made."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.person, self.animal, self.in_clip = FakePersonDetector(), FakeAnimalDetector(), FakeAnimalDetector()

    @property
    def finders(self) -> Finders:
        """Makes them, one after the other."""

        def maker(name, detector):
            return lambda: self.made.append(name) or detector

        return Finders(
            maker("person", self.person), maker("animal", self.animal), maker("animal in clip", self.in_clip)
        )
