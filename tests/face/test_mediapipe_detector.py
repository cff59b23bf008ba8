import cv2
import numpy as np
import pytest

from src.errors import InputError, WeightsError
from src.face.boxes import box_overlap
from src.face.crop import crop_image
from src.face.face import Scheme
from src.face.face_mesh import region_of_mesh
from src.face.landmarks import mesh_in_crop
from src.face.mediapipe_detector import MediapipeDetector
from src.face.ratios import eye_ratios, lip_ratio
from src.face.tracking import FaceTracker

from .pictures import FACES, MODELS, face_box, read


@pytest.fixture(scope="module")
def detector():
    return MediapipeDetector(MODELS)


def _eye_distance(landmarks):
    return np.linalg.norm(landmarks[33, :2] - landmarks[263, :2])


@pytest.mark.parametrize("name", FACES)
def test_the_face_of_a_painting_is_found(detector, name):
    picture = read(name)
    (face,) = detector.detect(picture)
    assert face.scheme is Scheme.MESH478
    assert face.landmarks.shape == (478, 3)
    assert face.landmarks.dtype == face.box.dtype == np.float32
    assert 0.5 <= face.score <= 1
    assert box_overlap(face.box, face_box(name, picture)[None])[0] > 0.75
    # Eyes above the nose, nose above the mouth; the picture's left eye on the left; closed mouths and open eyes.
    x, y = face.landmarks[:, 0], face.landmarks[:, 1]
    assert y[[468, 473]].max() < y[1] < y[[13, 14]].min()
    assert x[468] < x[1] + 0.5 * _eye_distance(face.landmarks) and x[468] < x[473]
    assert eye_ratios(face.landmarks, face.scheme).min() > 0.1
    assert lip_ratio(face.landmarks, face.scheme) < 0.25


@pytest.mark.parametrize("name", FACES)
def test_the_mesh_holds_still(detector, name):
    picture = read(name)
    (face,) = detector.detect(picture)
    followed = detector.follow(picture, face)
    moved = np.abs(followed.landmarks - face.landmarks)[:, :2].mean() / _eye_distance(face.landmarks)
    assert moved < 0.02
    assert followed.score > 0.9


def test_the_crop_frames_the_face_as_the_official_one(detector):
    picture = read("s9.jpg")
    (face,) = detector.detect(picture)
    crop = crop_image(picture, face.landmarks, face.scheme, dsize=512, scale=2.3, vy_ratio=-0.125)
    mesh = mesh_in_crop(face.landmarks, crop.M_o2c, 512)
    # Brow to chin takes 1 / 2.3 of the side or a little less (where the face is wider), eyes level.
    brow_to_chin = (mesh[152, 1] - mesh[[105, 334], 1].min()) / 2
    assert 0.35 < brow_to_chin < 1 / 2.3 + 0.01
    assert abs(mesh[33, 1] - mesh[263, 1]) < 0.06
    (again,) = detector.detect(crop.image)
    difference = np.abs((again.landmarks / 256 - [1, 1, 0]) - mesh)[:, :2].mean()
    assert difference < 0.01


@pytest.mark.parametrize(("scale", "short_range_finds"), [(0.25, 0), (0.35, 1)])
def test_a_small_face_is_found_by_the_full_range(detector, scale, short_range_finds):
    """At the second size the short range's find is so far off that the mesh sees no face in it."""
    small = cv2.resize(read("s9.jpg"), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    large = np.full((800, 1000, 3), 120, np.uint8)
    large[200 : 200 + height, 600 : 600 + width] = small
    assert len(detector._short(large)) == short_range_finds
    (face,) = detector.detect(large)
    expected = face_box("s9.jpg", small) + np.array([600, 200, 600, 200])
    assert box_overlap(face.box, expected[None])[0] > 0.7


def test_several_faces_come_largest_first(detector):
    left, right = read("s9.jpg"), cv2.resize(read("s10.jpg"), (1092, 1280))
    faces = detector.detect(np.concatenate([left, right], axis=1))
    assert len(faces) == 2
    assert faces[0].area > faces[1].area
    assert faces[0].box[0] > left.shape[1] > faces[1].box[2]


@pytest.mark.parametrize("cut", [np.s_[:, 330:], np.s_[:, :420], np.s_[:400], np.s_[225:455, 270:470]])
def test_a_face_at_the_border_is_found(detector, cut):
    assert len(detector.detect(np.ascontiguousarray(read("s9.jpg")[cut]))) == 1


def test_grey_and_turned_faces_are_found(detector):
    picture = read("s9.jpg")
    grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    assert len(detector.detect(grey)) == 1
    (face,) = detector.detect(np.ascontiguousarray(np.rot90(picture)))  # counter-clockwise
    assert np.degrees(region_of_mesh(face.landmarks).angle) == pytest.approx(-90, abs=15)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 5), (200, 300), (3000, 4000)])
@pytest.mark.parametrize("noise", [False, True])
def test_no_face_is_an_empty_list(detector, shape, noise):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (*shape, 3), np.uint8) if noise else np.full((*shape, 3), 200, np.uint8)
    assert detector.detect(picture) == []


def test_a_face_that_is_gone_is_lost(detector):
    picture = read("s9.jpg")
    (face,) = detector.detect(picture)
    assert detector.follow(np.full_like(picture, 128), face) is None


def test_the_tracker_follows_a_quick_face_and_returns_to_it(detector):
    """Half an eye distance a frame, a gap, and a second face that is larger."""
    wall = np.random.default_rng(0).integers(40, 160, (9, 16, 3), np.uint8)
    background = cv2.resize(wall, (1280, 720), interpolation=cv2.INTER_CUBIC)
    portrait, other = read("s9.jpg")[180:500, 200:540], read("s10.jpg")[320:840, 260:740]
    tracker, eye = FaceTracker(detector), 106
    places = []
    for i in range(14):
        frame = background.copy()
        if i not in (7, 8):
            x = 40 + i * eye // 2 if i < 7 else 40 + 7 * eye // 2
            frame[60:380, x : x + 340] = portrait
        left = max(1280 - 82 * i, 790)  # it walks in: popping up at once would be a cut
        frame[190:710, left : left + 480] = other[:, : 1280 - left]
        places.append((x, tracker.feed(frame)))
    assert [face is None for _, face in places] == [i in (7, 8) for i in range(14)]
    reference = places[-1][1].landmarks[:, :2] - (places[-1][0], 0)
    for x, face in places:
        if face is not None:
            assert np.abs(face.landmarks[:, :2] - (x, 0) - reference).mean() < 0.05 * eye


@pytest.mark.parametrize("bad", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32)])
def test_what_is_not_a_picture_is_an_error(detector, bad):
    with pytest.raises(InputError, match="uint8"):
        detector.detect(bad)


def test_missing_files_are_an_error(tmp_path):
    with pytest.raises(WeightsError, match="face_detection_short_range"):
        MediapipeDetector(tmp_path)
