import numpy as np
import pytest

from src.errors import InputError, WeightsError
from src.face.face import Face, Scheme
from src.face.insightface_detector import InsightfaceDetector
from src.face.landmark106 import Landmark106
from src.face.landmark203 import Landmark203

from .fakes import Net, face_at
from .goldens import assert_close, load


@pytest.mark.parametrize(("name", "scheme"), [("106", Scheme.LMK106), ("203", Scheme.LMK203)])
def test_203_points_match_the_golden_ones(name, scheme):
    golden = load("cropper")
    prior = golden["lm106"] if name == "106" else golden["lm203"][1]
    net = Net(None, None, golden["lr_netout"])
    points = Landmark203(net)(golden["img0"], prior, scheme)
    (blob,) = net.inputs
    assert (blob.dtype, blob.shape) == (np.float32, (1, 3, 224, 224))
    difference = np.abs(blob[:, :, ::7, ::7] - golden[f"lr_{name}_inp_sub"]) * 255
    assert difference.max() <= 4.001
    assert difference.mean() <= 0.15
    assert_close(points, golden[f"lr_{name}_lmk"], "matrix")


def test_106_points_are_mapped_back_from_a_window_around_the_box():
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[100, 150] = (200, 100, 50)
    output = np.zeros((1, 212), np.float32)
    output[0, 2:4] = -1, 1
    net = Net(output)
    points = Landmark106(net)(picture, np.array([110, 70, 190, 130, 0.9], np.float32))
    # The window is 1.5 * 80 = 120 pixels wide, around (150, 100).
    assert points.shape == (106, 2)
    np.testing.assert_allclose(points[0], [150, 100], atol=1e-4)
    np.testing.assert_allclose(points[1], [90, 160], atol=1e-4)
    np.testing.assert_allclose(net.inputs[0][0, :, 96, 96], [200, 100, 50])


def _detector(golden_detector, points106, points203):
    scrfd = Net(*(golden_detector[f"net{i}"] for i in range(9)))
    detector = InsightfaceDetector(scrfd, points106, points203)
    detector._scrfd._size = 128  # the golden outputs are those of a smaller input
    return detector


def test_detected_faces_carry_both_point_sets_largest_first():
    golden = load("detector")
    points203 = Net(None, None, np.full((1, 406), 0.5, np.float32))
    points106 = Net(np.linspace(-0.5, 0.5, 212, dtype=np.float32)[None])
    faces = _detector(golden, points106, points203).detect(golden["det0_img"])
    assert len(faces) == 66
    areas = [face.area for face in faces]
    assert areas == sorted(areas, reverse=True)
    for face in faces:
        assert face.scheme is Scheme.LMK203
        assert face.landmarks.shape == (203, 2)
        assert face.still_scheme is Scheme.LMK106
        assert face.still_landmarks.shape == (106, 2)
        assert 0.15 <= face.score <= 1


def test_following_finds_the_points_near_the_last_ones():
    golden = load("cropper")
    net = Net(None, None, golden["lr_netout"])
    detector = InsightfaceDetector(Net(), Net(), net)
    previous = Face(np.zeros(4, np.float32), 0.7, golden["lm203"][1], Scheme.LMK203)
    face = detector.follow(golden["img0"], previous)
    assert_close(face.landmarks, golden["lr_203_lmk"], "matrix")
    assert face.score == 0.7
    assert face.still_landmarks is None


@pytest.mark.parametrize("where", [(-400, 20), (900, 20), (20, 900)])
def test_a_face_that_left_the_picture_is_lost(where):
    detector = InsightfaceDetector(Net(), Net(), Net(None, None, np.linspace(0, 1, 406, dtype=np.float32)))
    assert detector.follow(np.zeros((240, 320, 3), np.uint8), face_at(*where)) is None


def test_landmarks_that_collapsed_are_lost():
    detector = InsightfaceDetector(Net(), Net(), Net(None, None, np.zeros((1, 406), np.float32)))
    assert detector.follow(np.zeros((24, 32, 3), np.uint8), face_at(5, 5, size=0)) is None


def test_what_is_not_a_picture_is_an_error():
    detector = InsightfaceDetector(Net(), Net(), Net())
    with pytest.raises(InputError, match="uint8"):
        detector.detect(np.zeros((10, 10), np.uint8))


def test_missing_files_are_named(tmp_path):
    roles = ("detector", "landmarks106", "landmarks203")
    with pytest.raises(WeightsError, match=r"detector\.onnx"):
        InsightfaceDetector.open({role: tmp_path / f"{role}.onnx" for role in roles})
