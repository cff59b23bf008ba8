from dataclasses import replace

import numpy as np

from src.face.crop import crop_image
from src.face.tracking import FaceTracker

from .fakes import ScriptedDetector, face_at, frame, scene
from .goldens import assert_close, load


def _run(detections, follows, scenes=None):
    detector = ScriptedDetector(detections, follows)
    tracker = FaceTracker(detector)
    frames = [frame(i) if scenes is None else scene(i, scenes[i]) for i in range(len(detections))]
    return [tracker.feed(picture) for picture in frames], detector, tracker


def test_a_face_is_detected_once_and_then_followed():
    faces = [face_at(i, 0) for i in range(4)]
    found, detector, _ = _run([[faces[0]], [], [], []], faces)
    assert found == faces
    assert detector.calls == [("detect", 0), ("follow", 1), ("follow", 2), ("follow", 3)]


def test_frames_without_a_face_keep_their_place():
    """The reference drops leading frames without a face and so pairs crops with the wrong frames (Q14)."""
    golden = load("cropper")
    faces = [replace(face_at(0, 0), landmarks=points) for points in golden["lm203"]]
    found, detector, _ = _run([[], [], [faces[2]], [], []], [None, None, None, faces[3], faces[4]])
    assert found == [None, None, *faces[2:]]
    assert detector.calls == [("detect", 0), ("detect", 1), ("detect", 2), ("follow", 3), ("follow", 4)]
    # The reference gives three matrices for five frames; they belong to the frames 2, 3 and 4.
    assert golden["srcvid_miss2_n"] == 3
    for i, matrix in enumerate(golden["srcvid_miss2_M_c2o"], start=2):
        picture = np.roll(golden["img0"], (2 * i, 3 * i), (0, 1))
        crop = crop_image(picture, found[i].landmarks, dsize=512, scale=2.3, vy_ratio=-0.125)
        assert_close(crop.M_c2o, matrix, "matrix")


def test_a_lost_face_is_detected_again():
    faces = [face_at(i, 0) for i in range(3)]
    found, detector, _ = _run([[faces[0]], [faces[1]], []], [None, None, faces[2]])
    assert found == faces
    assert detector.calls == [("detect", 0), ("follow", 1), ("detect", 1), ("follow", 2)]


def test_following_to_another_place_counts_as_lost():
    mine, other = face_at(0, 0), face_at(50, 50)
    found, _, _ = _run([[mine], [face_at(1, 0)]], [None, other])
    assert found[1].box[0] == 1


def test_the_overlapping_face_is_kept_though_another_is_larger():
    mine, larger = face_at(2, 2), face_at(40, 40, size=30)
    found, _, _ = _run([[face_at(0, 0)], [larger, mine]], [None, None])
    assert found[1] is mine


def test_without_overlap_the_nearest_face_is_kept():
    near, far = face_at(11, 0), face_at(0, 14)
    found, _, _ = _run([[face_at(0, 0)], [far, near]], [None, None])
    assert found[1] is near


def test_a_face_too_far_away_is_another_one_until_the_first_is_long_gone():
    other = face_at(100, 0)
    found, _, _ = _run([[face_at(0, 0)]] + [[other]] * 60, [None] * 61)
    assert found[1] is None
    # Ten sides away: the reach of one side grows by a fifth for every frame.
    assert all(face is None for face in found[1:45])
    assert all(face is other for face in found[46:])


def test_the_first_face_is_the_largest():
    first, second = face_at(0, 0, 20), face_at(50, 0, 10)
    found, _, _ = _run([[first, second]], [None])
    assert found == [first]


def test_after_a_cut_the_largest_face_is_taken_however_far_away():
    mine, near, largest = face_at(0, 0), face_at(2, 0), face_at(200, 100, size=30)
    found, detector, tracker = _run([[mine], [], [largest, near], []], [None, mine, near, largest], scenes=[0, 0, 1, 1])
    assert found == [mine, mine, largest, largest] and tracker.shot == 1
    assert detector.calls == [("detect", 0), ("follow", 1), ("detect", 2), ("follow", 3)]


def test_a_new_shot_that_begins_without_a_face_waits_for_the_first():
    mine, later = face_at(0, 0), face_at(200, 100)
    found, _, _ = _run([[mine], [], [], [later]], [None, mine, mine, mine], scenes=[0, 0, 1, 1])
    assert found == [mine, mine, None, later]
