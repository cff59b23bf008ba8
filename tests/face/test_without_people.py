"""X-Pose's finds, where they are no people's."""

import logging

import numpy as np

from src.face.boxes import box_of
from src.face.face import Face, Scheme
from src.face.without_people import WithoutPeople

PICTURE = np.zeros((200, 300, 3), np.uint8)


def face_at(x, scheme=Scheme.ANIMAL9, score=0.9):
    n = 9 if scheme is Scheme.ANIMAL9 else 4
    points = np.stack([np.linspace(x, x + 60, n), np.linspace(40, 100, n)], axis=1).astype(np.float32)
    return Face(box_of(points), score, points, scheme)


class Fixed:
    """Gives the same faces and people for every picture."""

    name = "fixed"

    def __init__(self, *faces, people=()):
        self.faces, self._people, self.calls = list(faces), [face.box for face in people], []

    def detect(self, rgb):
        assert rgb is PICTURE
        self.calls.append("detect")
        return self.faces

    def people(self, rgb):
        assert rgb is PICTURE
        self.calls.append("people")
        return self._people


def test_without_a_person_xposes_find_counts():
    embedded = Fixed()
    found = face_at(100)
    detector = WithoutPeople(Fixed(found), embedded)
    assert detector.detect(PICTURE) == [found] and embedded.calls == ["people"]
    assert detector.follow(PICTURE, face_at(0)) is found


def test_where_xpose_is_unsure_the_embedded_detector_looks(caplog):
    animal = face_at(0, Scheme.POINTS4)
    embedded = Fixed(animal)
    with caplog.at_level(logging.INFO):
        assert WithoutPeople(Fixed(), embedded).detect(PICTURE) == [animal]
    assert embedded.calls == ["detect"] and "the detector fixed looks instead of X-Pose" in caplog.text


def test_a_person_alone_is_no_animal():
    detector = WithoutPeople(Fixed(face_at(100)), Fixed(people=[face_at(100)]))
    assert detector.detect(PICTURE) == [] and detector.follow(PICTURE, face_at(100)) is None


def test_a_person_beside_the_animal_does_not_matter():
    """Also where the boxes touch, and where the embedded detector does not see the animal."""
    found = face_at(100)
    for x in (0, 55, 145, 220):
        assert WithoutPeople(Fixed(found), Fixed(people=[face_at(x)])).detect(PICTURE) == [found]


def test_where_xpose_prefers_the_person_the_embedded_finds_count():
    animal = face_at(200, Scheme.POINTS4)
    detector = WithoutPeople(Fixed(face_at(20)), Fixed(animal, people=[face_at(25)]))
    assert detector.detect(PICTURE) == [animal] and detector.follow(PICTURE, animal) is animal


def test_the_name_is_xposes():
    assert WithoutPeople(Fixed(), Fixed()).name == "xpose"
