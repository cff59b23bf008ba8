import cv2
import numpy as np
import pytest

from src.errors import InputError, WeightsError
from src.face.animal_detector import AnimalDetector
from src.face.animal_landmarks import animal_landmarks
from src.face.face import Scheme
from src.face.sampling import Region
from src.weights.paths import shipped_weights_dir

from .pictures import read

# By eye, in cat.jpg: picture-left eye, picture-right eye, nose, mouth.
CAT = np.array([(172, 116), (320, 135), (261, 245), (250, 282)], np.float64)
EYES = np.linalg.norm(CAT[1] - CAT[0])


@pytest.fixture(scope="module")
def detector():
    return AnimalDetector(shipped_weights_dir())


@pytest.fixture(scope="module")
def cat(detector):
    (face,) = detector.detect(read("cat.jpg"))
    return face


def error(points, expected):
    """Mean distance in eye distances."""
    return np.linalg.norm(points - expected, axis=1).mean() / np.linalg.norm(expected[1] - expected[0])


def test_the_cat_is_found(cat):
    assert cat.scheme is Scheme.POINTS4
    assert cat.landmarks.shape == (4, 2)
    assert cat.landmarks.dtype == cat.box.dtype == np.float32
    assert 0.9 < cat.score <= 1
    assert error(cat.landmarks, CAT) < 0.12
    assert (cat.landmarks > cat.box[:2]).all() and (cat.landmarks < cat.box[2:]).all()


def test_it_is_found_in_a_mirror_and_turned(detector):
    mirrored = np.ascontiguousarray(read("cat.jpg")[:, ::-1])
    height, width = mirrored.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -15, 1)
    turned = cv2.warpAffine(mirrored, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    (face,) = detector.detect(turned)
    expected = CAT[[1, 0, 2, 3]] * (-1, 1) + (width - 1, 0)
    assert error(face.landmarks, expected @ matrix[:, :2].T + matrix[:, 2]) < 0.15


@pytest.mark.parametrize("name", ["s9.jpg", "grace_hopper.jpg"])
def test_people_are_no_animals(detector, name):
    picture = read(name)
    assert detector.detect(picture) == []
    (box,) = detector.people(picture)
    assert box.shape == (4,) and (box[2:] > box[:2]).all()


def test_a_cat_is_no_person(detector):
    assert detector.people(read("cat.jpg")) == []
    assert not detector.people(np.full((60, 80, 3), 90, np.uint8))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 5), (90, 60)])
def test_no_face_is_an_empty_list(detector, shape):
    assert detector.detect(np.full((*shape, 3), 200, np.uint8)) == []


def test_noise_shows_no_animal(detector):
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    assert detector.detect(noise) == []


def test_a_face_is_followed(detector, cat):
    """Its points go with it: moved, turned and grown, against the first frame's, without drift."""
    picture, face = read("cat.jpg"), cat
    height, width = picture.shape[:2]
    for i in range(12):
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 8 * np.sin(i / 4), 1 + 0.1 * np.sin(i / 5))
        matrix[:, 2] += 0.2 * EYES * np.sin(i / 3)
        frame = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        face = detector.follow(frame, face)
        assert face is not None and face.scheme is Scheme.POINTS4
        assert error(face.landmarks, cat.landmarks @ matrix[:, :2].T + matrix[:, 2]) < 0.13


def test_a_face_that_is_gone_is_lost(detector, cat):
    picture = read("cat.jpg")
    assert detector.follow(np.full_like(picture, 128), cat) is None
    assert detector.follow(np.full((20, 20, 3), 128, np.uint8), cat) is None


@pytest.mark.parametrize("method", ["detect", "people"])
def test_what_is_not_a_picture_is_an_error(detector, method):
    with pytest.raises(InputError, match="uint8"):
        getattr(detector, method)(np.zeros((9, 9, 3), np.float32))


def test_missing_files_are_an_error(tmp_path):
    with pytest.raises(WeightsError, match="frontal_cat_face"):
        AnimalDetector(tmp_path)


def test_points_go_to_the_dark_spots():
    """Drawn eyes and nose beside their usual places; the mouth keeps its distance from the nose."""
    picture = np.full((200, 200, 3), 200, np.uint8)
    spots = [(58, 84), (146, 80), (100, 120)]
    for spot in spots:
        cv2.circle(picture, spot, 7, (30, 30, 30), -1)
    points = animal_landmarks(picture, Region(np.array([100.0, 100.0]), 200.0))
    assert np.abs(points[:3] - spots).max() < 3
    assert points[3] - points[2] == pytest.approx([0, 28], abs=1)
