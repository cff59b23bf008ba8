"""The faces of the frames: detectors whose score is the mesh network's flag, and who is followed by them."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ...face.averaged_mesh import averaged_mesh
from ...face.boxes import box_of
from ...face.face import Face, FaceDetector, Points, Rgb, Scheme
from ...face.face_mesh import mesh_of_crop
from ...face.mediapipe_detector import MediapipeDetector
from ...face.tracking import FaceTracker
from ...face.tracks import FaceTracks
from ...weights.paths import shipped_weights_dir
from .crop import NOMINAL
from .options import ShotOptions


def open_detector(options: ShotOptions) -> SecondLook:
    """The detector that the options need; its faces are meshes, and their score is the mesh network's flag.

    Raises:
        WeightsError: its files are missing or cannot be used.
    """
    detector = MediapipeDetector(shipped_weights_dir() / "mediapipe")
    return CroppedFaces(detector) if options.cropped else SecondLook(detector)


class SecondLook:
    """A detector that looks at every face it finds again as if it followed it, since only then is the score the flag.

    Args:
        detector: finds meshes.
    """

    name = "second look"

    def __init__(self, detector: MediapipeDetector) -> None:
        self._detector = detector

    def detect(self, rgb: Rgb) -> list[Face]:
        """All faces of a picture (H, W, 3) uint8, largest first."""
        looks = (self._detector.follow(rgb, face) for face in self._detector.detect(rgb))
        return [face for face in looks if face is not None]

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The same face in the next frame; None when it is lost."""
        return self._detector.follow(rgb, previous)

    def steady(self, rgb: Rgb, landmarks: Points) -> Points:
        """Landmarks (478, 3) of a face again, in pixels, as the mean of several looks."""
        return averaged_mesh(self._detector.mesh, rgb, landmarks)


class CroppedFaces(SecondLook):
    """Finds the face of pictures that are cropped already: where the crop shows it by construction, else anywhere.

    Args:
        detector: finds meshes.
    """

    name = "cropped"

    def detect(self, rgb: Rgb) -> list[Face]:
        """The face of a crop with its margin, (N, N, 3) uint8; an empty list when there is none."""
        edge = round(len(rgb) * (1 - NOMINAL) / 2)
        inner = np.ascontiguousarray(rgb[edge : len(rgb) - edge, edge : len(rgb) - edge])
        points = mesh_of_crop(self._detector.mesh, inner)
        if points is not None:
            points += np.array([edge, edge, 0], np.float32)
            face = self.follow(rgb, Face(box_of(points), 1.0, points, Scheme.MESH478))
            if face is not None:
                return [face]
        return super().detect(rgb)


class Follower(Protocol):
    """Follows the people of a clip."""

    def feed(self, rgb: Rgb) -> tuple[int, dict[int, Face]]:
        """Number of the shot that the next frame, (H, W, 3) uint8, belongs to, and its faces by person."""
        ...


def open_follower(detector: FaceDetector, faces: int) -> Follower:
    """What follows the largest face of a clip, or all of them."""
    return _MainFace(detector) if faces == 1 else _AllFaces(detector)


class _MainFace:
    def __init__(self, detector: FaceDetector) -> None:
        self._tracker = FaceTracker(detector)

    def feed(self, rgb: Rgb) -> tuple[int, dict[int, Face]]:
        face = self._tracker.feed(rgb)
        return self._tracker.shot, {} if face is None else {0: face}


class _AllFaces:
    def __init__(self, detector: FaceDetector) -> None:
        self._tracks = FaceTracks(detector)

    def feed(self, rgb: Rgb) -> tuple[int, dict[int, Face]]:
        faces = dict(self._tracks.feed(rgb))
        return self._tracks.shot, faces
