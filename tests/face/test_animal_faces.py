"""Animals with a mesh over them, whatever found their points."""

import numpy as np
import pytest

from src.face.animal_faces import AnimalFaces
from src.face.animal_mesh import mesh_over
from src.face.animal_points import four_points, nine_points
from src.face.boxes import box_of
from src.face.face import Face, Scheme

from .test_animal_points import CAT

PICTURE = np.zeros((300, 300, 3), np.uint8)


def sixty_eight(points):
    """68 points around an animal's four."""
    all_points = np.full((68, 2), points.mean(0), np.float32)
    for part, point in zip((range(36, 42), range(42, 48), range(30, 31), range(48, 68)), points, strict=True):
        all_points[list(part)] = point
    return all_points


POINTS = {Scheme.POINTS4: CAT, Scheme.ANIMAL9: nine_points(CAT), Scheme.LMK68: sixty_eight(CAT)}


class Finder:
    """Finds the same points everywhere, and remembers what it was to follow."""

    name = "finder"

    def __init__(self, scheme=Scheme.POINTS4, n=1):
        box = box_of(CAT) + np.array([-30, -30, 30, 30], np.float32)
        self.faces = [Face(box + 10 * i, 0.9 - 0.1 * i, POINTS[scheme] + 10 * i, scheme) for i in range(n)]
        self.asked, self.lost = [], False

    def detect(self, rgb):
        assert rgb is PICTURE
        return self.faces

    def follow(self, rgb, previous):
        assert rgb is PICTURE
        self.asked.append(previous)
        return None if self.lost else self.faces[0]


@pytest.mark.parametrize("scheme", POINTS)
@pytest.mark.parametrize("turned", [False, True])
def test_every_animal_gets_a_mesh(scheme, turned):
    finder = Finder(scheme, n=3)
    faces = AnimalFaces(finder, turned=turned).detect(PICTURE)
    assert len(faces) == 3
    for face, found in zip(faces, finder.faces, strict=True):
        assert (face.scheme, face.score) == (Scheme.MESH478, found.score)
        np.testing.assert_array_equal(face.box, found.box)
        expected = mesh_over(four_points(found.landmarks, scheme), turned=turned)
        np.testing.assert_array_equal(face.landmarks, expected)
        assert face.still_landmarks is None and face.still_scheme is None


def test_nobody_there():
    assert AnimalFaces(Finder(n=0)).detect(PICTURE) == []


def test_the_name_is_the_finders():
    assert AnimalFaces(Finder()).name == "finder"


@pytest.mark.parametrize("scheme", [Scheme.ANIMAL9, Scheme.LMK68])
def test_official_crops_are_made_of_the_points_that_were_found(scheme):
    (face,) = AnimalFaces(Finder(scheme), official_crop=True).detect(PICTURE)
    np.testing.assert_array_equal(face.still_landmarks, POINTS[scheme])
    assert (face.scheme, face.still_scheme) == (Scheme.MESH478, scheme)


def test_official_crops_of_four_points_are_made_of_nine():
    (face,) = AnimalFaces(Finder(), official_crop=True).detect(PICTURE)
    np.testing.assert_array_equal(face.still_landmarks, nine_points(CAT))
    assert (face.scheme, face.still_scheme) == (Scheme.MESH478, Scheme.ANIMAL9)


@pytest.mark.parametrize("scheme", POINTS)
@pytest.mark.parametrize("turned", [False, True])
def test_the_finder_follows_its_own_finds(scheme, turned):
    finder = Finder(scheme)
    animals = AnimalFaces(finder, turned=turned)
    (face,) = animals.detect(PICTURE)
    for _ in range(5):
        face = animals.follow(PICTURE, face)
    assert len(finder.asked) == 5 and all(previous is finder.faces[0] for previous in finder.asked)
    np.testing.assert_array_equal(face.landmarks, mesh_over(four_points(POINTS[scheme], scheme), turned=turned))


def test_an_animal_that_is_lost():
    finder = Finder()
    animals = AnimalFaces(finder)
    (face,) = animals.detect(PICTURE)
    finder.lost = True
    assert animals.follow(PICTURE, face) is None


def test_a_face_that_it_did_not_find_is_lost():
    finder = Finder()
    assert AnimalFaces(finder).follow(PICTURE, finder.faces[0]) is None and finder.asked == []


@pytest.mark.parametrize(("turned", "looks"), [(False, 30), (True, 7)])
def test_a_clip_without_an_animal_is_looked_at_less_and_less_often(turned, looks):
    finder, calls = Finder(n=0), []
    finder.detect = lambda rgb: calls.append(len(calls)) or []
    animals = AnimalFaces(finder, turned=turned)
    assert all(animals.detect(PICTURE) == [] for _ in range(30)) and len(calls) == looks


def test_after_an_animal_was_seen_every_frame_counts_again():
    finder = Finder(n=0)
    animals = AnimalFaces(finder, turned=True)
    for _ in range(10):
        animals.detect(PICTURE)
    finder.faces = Finder().faces
    assert any(animals.detect(PICTURE) for _ in range(12)) and all(animals.detect(PICTURE) for _ in range(5))


@pytest.mark.parametrize("points", [np.full((4, 2), 50, np.float32), np.full((9, 2), 50, np.float32)])
def test_points_that_coincide_are_no_face(points):
    finder = Finder()
    finder.faces = [Face(box_of(CAT), 0.9, points, {4: Scheme.POINTS4, 9: Scheme.ANIMAL9}[len(points)])]
    assert AnimalFaces(finder).detect(PICTURE) == []
