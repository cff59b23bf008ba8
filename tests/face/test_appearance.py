import cv2
import numpy as np
import pytest

from src.face.appearance import appearance_distance, appearance_of
from src.face.mediapipe_detector import MediapipeDetector

from .pictures import MODELS, read
from .stage import face_of

NAMES = ("s0.jpg", "s1.jpg", "s9.jpg", "s10.jpg", "grace_hopper.jpg")


@pytest.fixture(scope="module")
def look_of():
    detector = MediapipeDetector(MODELS)
    return lambda picture: appearance_of(picture, detector.detect(picture)[0])


@pytest.fixture(scope="module")
def looks(look_of):
    return {name: look_of(read(name)) for name in NAMES}


def _scaled(picture, factor):
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _turned(picture):
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 20, 1)
    return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


CHANGES = {
    "half the size": lambda picture: _scaled(picture, 0.5),
    "turned": _turned,
    "darker": lambda picture: (picture * 0.6).astype(np.uint8),
    "mirrored": lambda picture: np.ascontiguousarray(picture[:, ::-1]),
    "noisy": lambda picture: cv2.add(picture, np.random.default_rng(0).integers(0, 12, picture.shape, np.uint8)),
}


def test_a_look_is_three_histograms(looks):
    for look in looks.values():
        assert look.shape == (3, 288) and look.dtype == np.float32
        assert (look >= 0).all()
        np.testing.assert_allclose(look.sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", CHANGES)
def test_a_person_looks_alike_in_other_pictures(look_of, looks, name, change):
    other = look_of(CHANGES[change](read(name)))
    assert appearance_distance(looks[name], other) < 0.25
    assert min(NAMES, key=lambda person: appearance_distance(looks[person], other)) == name


def test_two_people_look_different(looks):
    for first in NAMES:
        for second in NAMES:
            distance = appearance_distance(looks[first], looks[second])
            assert distance > 0.4 if first != second else distance < 1e-3


def test_distances_run_from_nought_to_one():
    red, blue = np.zeros((60, 60, 3), np.uint8), np.zeros((60, 60, 3), np.uint8)
    red[..., 0] = blue[..., 2] = 200
    face = face_of((10, 10))
    first, second = appearance_of(red, face), appearance_of(blue, face)
    assert appearance_distance(first, first) == pytest.approx(0, abs=1e-3)
    assert appearance_distance(first, second) == pytest.approx(1, abs=1e-3)


def test_what_lies_beyond_the_picture_does_not_count():
    """The right half of a face that is red on the left and blue on the right."""
    picture = np.zeros((60, 120, 3), np.uint8)
    picture[:, :60, 0] = picture[:, 60:, 2] = 200
    whole, half = appearance_of(picture, face_of((40, 10))), appearance_of(picture[:, 60:], face_of((-20, 10)))
    blue = appearance_of(picture, face_of((80, 10)))
    assert appearance_distance(half, blue) < 0.05 < appearance_distance(whole, blue)


@pytest.mark.parametrize("place", [(-500, 10), (10, 900)])
def test_a_face_outside_the_picture_has_some_look(place):
    assert np.isfinite(appearance_of(np.full((60, 60, 3), 90, np.uint8), face_of(place))).all()
