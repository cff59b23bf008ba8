"""The embedded detector of cats' and dogs' faces: two cascades of cat faces, and MediaPipe to tell people apart."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .animal_landmarks import animal_landmarks
from .blazeface import LEFT_EYE, RIGHT_EYE, SHORT_RANGE, BlazeFace, Detection
from .boxes import box_of
from .cat_face_boxes import CatFace, CatFaceBoxes
from .face import Face, Points, Rgb, Scheme
from .face_mesh import PRESENT, FaceMesh, region_of_detection
from .haar_cascade_file import load_cascade
from .landmarks import Floats
from .mediapipe_detector import SHORT_RANGE_FILE
from .network import open_network
from .point_flow import flow
from .sampling import Region, check_rgb

CASCADES_FILE = "frontal_cat_face.safetensors"
_CASCADES = ("frontal", "extended")
_CORNERS = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
_EYES = 0.45  # of the square's side, distance of the eyes
_BELOW = 0.075  # of the side: how far below the eyes the square's centre lies
PERSON_SCORE = 0.88  # score of BlazeFace from which on a face is a person's; dogs reach 0.85, few people lie below
_DOG = 0.80  # most dogs' faces lie below it
_ALONE = 5.1  # least evidence where BlazeFace sees nothing: cats 6.0 to 8.8, other things up to 4.2
_SHARED = 1.0  # least evidence where BlazeFace sees a face of low score: dogs 2.1 to 5.2 ...
_DOUBT = 60.0  # ... and so much more for every unit of score above a dog's
_STILL_THERE = 8  # least number of windows around a face that is followed
_PULL = 0.02  # of the way to the carried points, every frame
_CLIP = 40.0
_RATIO = 0.5  # least ratio of their sides
_ON_FACE = 0.35  # of the larger side: finds whose centres are nearer show one face


@dataclass(frozen=True, eq=False, kw_only=True)
class FollowedAnimal(Face):
    """An animal's face with what it takes to find it again in the next frame.

    Attributes:
        region: the square that the cascades see.
        carried: the points as they were found at first, carried along with the square alone.
        gray: the frame.
    """

    region: Region
    carried: Points
    gray: NDArray[np.uint8]


class AnimalDetector:
    """Finds the faces of cats and dogs and gives both eyes, nose and mouth.

    Args:
        folder: the shipped weights, with `catface/` and `mediapipe/`.
        device: "cpu" or "cuda:N", for MediaPipe's networks.

    Raises:
        WeightsError: a file is missing or cannot be used.
    """

    name = "catface"

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        folder = Path(folder)
        cascades = [load_cascade(folder / "catface" / CASCADES_FILE, name) for name in _CASCADES]
        self._boxes = CatFaceBoxes(cascades)
        self._faces = BlazeFace(open_network(folder / "mediapipe" / SHORT_RANGE_FILE, device), SHORT_RANGE)
        self._mesh = FaceMesh.open(folder / "mediapipe", device)

    def detect(self, rgb: Rgb) -> list[Face]:
        """The animals' faces of a picture (H, W, 3) uint8 RGB, best first; an empty list when there is none.

        Raises:
            InputError: not a picture.
        """
        check_rgb(rgb)
        faces: list[Face] = []
        for find in self._animals(rgb, self._network_finds(rgb)):
            points = animal_landmarks(rgb, find.region)
            settled = self._boxes.again(rgb, find.region)  # so that the next frame is measured in the same way
            faces.append(_face(find, settled.region if settled.agreed else find.region, points, points, _gray(rgb)))
        return faces

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The same face in the next frame, looked for where it was last; None when it is lost.

        The points follow what they lie on, so that a turning head shows, and are pulled a little towards where the
        cascades' square carries them, so that they do not drift.

        Raises:
            InputError: not a picture.
        """
        check_rgb(rgb)
        if not isinstance(previous, FollowedAnimal) or previous.gray.shape != rgb.shape[:2]:
            return None
        find = self._boxes.again(rgb, previous.region)
        if not find.agreed or sum(find.counts) < _STILL_THERE:
            return None
        gray = _gray(rgb)
        carried = _moved(previous.carried, previous.region, find.region)
        points = flow(previous.gray, gray, previous.landmarks)
        return _face(find, find.region, points + _PULL * (carried - points), carried, gray)

    def people(self, rgb: Rgb) -> list[Floats]:
        """The boxes (4,) of the faces of people in a picture (H, W, 3) uint8 RGB, best first.

        Raises:
            InputError: not a picture.
        """
        check_rgb(rgb)
        finds = self._network_finds(rgb)
        sure = [find for find in finds if find.score >= PERSON_SCORE]
        if len(sure) == len(finds):
            return [find.box for find in finds]
        animals = self._animals(rgb, finds)
        return [
            find.box
            for find in finds
            if find.score >= PERSON_SCORE or not any(_same(_square_of(find), animal.region) for animal in animals)
        ]

    def _network_finds(self, rgb: Rgb) -> list[Detection]:
        """What BlazeFace takes for faces and the mesh, too, best first; people and most dogs."""
        finds = self._faces(rgb)
        meshes = self._mesh.settle(rgb, [region_of_detection(find) for find in finds])
        return [find for find, mesh in zip(finds, meshes, strict=True) if mesh.flag >= PRESENT]

    def _animals(self, rgb: Rgb, finds: list[Detection]) -> list[CatFace]:
        """The squares that the cascades claim against BlazeFace's finds, best first."""
        squares = [_square_of(find) for find in finds]
        return [
            face
            for face in self._boxes.search(rgb, squares)
            if face.evidence
            >= _least_evidence(
                [find.score for find, square in zip(finds, squares, strict=True) if _same(face.region, square)]
            )
        ]


def _least_evidence(scores: list[float]) -> float:
    """How much the cascades must have seen where BlazeFace found faces of these scores."""
    if not scores:
        return _ALONE
    score = max(scores)
    return np.inf if score >= PERSON_SCORE else _SHARED + _DOUBT * max(score - _DOG, 0.0)


def _square_of(find: Detection) -> Region:
    """The square that the cascades would put on a face, from its eyes."""
    left, right = find.keypoints[RIGHT_EYE].astype(np.float64), find.keypoints[LEFT_EYE].astype(np.float64)
    across = right - left
    side = max(float(np.linalg.norm(across)) / _EYES, 1.0)
    center = (left + right) / 2 + np.array([-across[1], across[0]]) / _EYES * _BELOW
    return Region(center, side, float(np.arctan2(across[1], across[0])))


def _face(find: CatFace, region: Region, points: Points, carried: Points, gray: NDArray[np.uint8]) -> FollowedAnimal:
    score = 1 / (1 + np.exp(-np.clip(find.evidence, -_CLIP, _CLIP) / 2))
    box, landmarks = box_of(region.to_picture(_CORNERS)), points.astype(np.float32)
    return FollowedAnimal(box, float(score), landmarks, Scheme.POINTS4, region=region, carried=carried, gray=gray)


def _gray(rgb: Rgb) -> NDArray[np.uint8]:
    return cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def _moved(points: Points, old: Region, new: Region) -> Points:
    """Points that go with a square, (4, 2) float32."""
    turn = new.angle - old.angle
    matrix = np.array([[cos(turn), sin(turn)], [-sin(turn), cos(turn)]]) * (new.side / old.side)
    return ((points - old.center) @ matrix + new.center).astype(np.float32)


def _same(one: Region, other: Region) -> bool:
    """Whether two squares lie on one face."""
    near = float(np.linalg.norm(one.center - other.center)) < _ON_FACE * max(one.side, other.side)
    return near and _RATIO < one.side / other.side < 1 / _RATIO
