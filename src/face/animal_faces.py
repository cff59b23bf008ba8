"""`AnimalFaces`: animals as the rest of the program wants its faces, whatever found their points."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .animal_mesh import mesh_over
from .animal_points import four_points, nine_points
from .face import Face, FaceDetector, Rgb, Scheme
from .landmarks import Floats

_LONGEST_PAUSE = 11  # frames


@dataclass(frozen=True, eq=False, kw_only=True)
class AnimalFace(Face):
    """An animal's face as a mesh.

    Attributes:
        found: what the detector said, which it wants back to follow the face.
    """

    found: Face


class AnimalFaces:
    """Lays a mesh over every animal that a detector finds, so that all that is made for meshes serves animals too.

    Args:
        finder: finds 4, 9 or 68 points of animals.
        official_crop: still pictures are cropped by the nine (or 68) points, as the official weights want it; else by
            the mesh, as the compact ones do.
        turned: for the frames of a clip: the mesh takes on the head's yaw and pitch, and frames without an animal are
            looked at less and less often (looking takes seconds), every twelfth at last.
    """

    def __init__(self, finder: FaceDetector, *, official_crop: bool = False, turned: bool = False) -> None:
        self.name = finder.name
        self._finder, self._official_crop, self._turned = finder, official_crop, turned
        self._misses = self._pause = 0

    def detect(self, rgb: Rgb) -> list[Face]:
        """All animals of a picture (H, W, 3) uint8 RGB, best first; an empty list when there is none."""
        if self._turned and self._pause:
            self._pause -= 1
            return []
        faces = [face for face in self._finder.detect(rgb) if _has_extent(face)]
        self._misses = 0 if faces else self._misses + 1
        self._pause = min(self._misses, _LONGEST_PAUSE)
        return [self._with_mesh(face) for face in faces]

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The same animal in the next frame, or None when it is lost."""
        found = self._finder.follow(rgb, previous.found) if isinstance(previous, AnimalFace) else None
        return None if found is None or not _has_extent(found) else self._with_mesh(found)

    def _with_mesh(self, face: Face) -> Face:
        points = four_points(face.landmarks, face.scheme)
        mesh = mesh_over(points, turned=self._turned)
        animal = AnimalFace(face.box, face.score, mesh, Scheme.MESH478, found=face)
        if not self._official_crop:
            return animal
        if face.scheme is Scheme.POINTS4:
            return replace(animal, still_landmarks=nine_points(points), still_scheme=Scheme.ANIMAL9)
        return replace(animal, still_landmarks=face.landmarks, still_scheme=face.scheme)


def points_of_animal(face: Face) -> Floats:
    """Picture-left eye, picture-right eye, nose and mouth of a face of `AnimalFaces`, (4, 2) float32 pixels."""
    assert isinstance(face, AnimalFace), "of AnimalFaces"
    return four_points(face.found.landmarks, face.found.scheme)


def _has_extent(face: Face) -> bool:
    """Whether the eyes are two."""
    left, right = four_points(face.landmarks, face.scheme)[:2]
    return float(np.hypot(*(right - left))) >= 1
