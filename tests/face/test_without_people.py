"""X-Pose's finds, where they are no people's."""

import numpy as np
import pytest

from src.face.boxes import box_of
from src.face.face import Face, Scheme
from src.face.without_people import WithoutPeople

PICTURE = np.zeros((200, 300, 3), np.uint8)


def face_at(x, scheme=Scheme.ANIMAL9, score=0.9):
    n = 9 if scheme is Scheme.ANIMAL9 else 4
    points = np.stack([np.linspace(x, x + 60, n), np.linspace(40, 100, n)], axis=1).astype(np.float32)
    return Face(box_of(points), score, points, scheme)


class Fixed:
    """Gives the same faces for every picture."""

    def __init__(self, *faces, has_person=False):
        self.faces, self.person, self.calls = list(faces), has_person, []

    def detect(self, rgb):
        assert rgb is PICTURE
        self.calls.append("detect")
        return self.faces

    def has_person(self, rgb):
        assert rgb is PICTURE
        self.calls.append("has_person")
        return self.person


def test_without_a_person_xposes_find_counts():
    embedded = Fixed()
    found = face_at(100)
    detector = WithoutPeople(Fixed(found), embedded)
    assert detector.detect(PICTURE) == [found] and embedded.calls == ["has_person"]
    assert detector.follow(PICTURE, face_at(0)) is found


def test_nothing_found_is_nothing():
    embedded = Fixed(face_at(0), has_person=True)
    detector = WithoutPeople(Fixed(), embedded)
    assert detector.detect(PICTURE) == [] and detector.follow(PICTURE, face_at(0)) is None
    assert embedded.calls == []


def test_a_person_alone_is_no_animal():
    detector = WithoutPeople(Fixed(face_at(100)), Fixed(has_person=True))
    assert detector.detect(PICTURE) == [] and detector.follow(PICTURE, face_at(100)) is None


@pytest.mark.parametrize("shift", [0, 20])
def test_beside_a_person_xposes_animal_counts_where_the_embedded_detector_sees_it_too(shift):
    found = face_at(100)
    detector = WithoutPeople(Fixed(found), Fixed(face_at(100 + shift, Scheme.POINTS4), has_person=True))
    assert detector.detect(PICTURE) == [found] and detector.follow(PICTURE, found) is found


def test_where_xpose_prefers_the_person_the_embedded_finds_count():
    animal = face_at(200, Scheme.POINTS4)
    detector = WithoutPeople(Fixed(face_at(20)), Fixed(animal, has_person=True))
    assert detector.detect(PICTURE) == [animal] and detector.follow(PICTURE, animal) is animal


def test_two_animals_at_one_find_do_not_double_it():
    found = face_at(100)
    near = [face_at(90, Scheme.POINTS4), face_at(120, Scheme.POINTS4)]
    assert WithoutPeople(Fixed(found), Fixed(*near, has_person=True)).detect(PICTURE) == [found]


def test_the_name_is_xposes():
    assert WithoutPeople(Fixed(), Fixed()).name == "xpose"
