import numpy as np
import pytest

from src.face.crop import average_box, box_matrix
from src.pipeline.shots import box_at, box_matrices, clip_box

LEFT = np.array([[0.0, 0, 100, 100], [2, 0, 102, 100]])
RIGHT = np.array([[300.0, 50, 420, 170]])


def test_one_shot_has_the_average_box():
    places = np.concatenate([LEFT, RIGHT])
    np.testing.assert_array_equal(clip_box(places, np.arange(3), np.zeros(3, int)), average_box(places))


@pytest.mark.parametrize(("moved", "n_boxes"), [(10, 1), (20, 1), (30, 2), (200, 2)])
def test_shots_have_boxes_of_their_own_where_the_face_is_elsewhere(moved, n_boxes):
    places = np.concatenate([LEFT, LEFT + np.array([moved, 0, moved, 0])])
    box = clip_box(places, np.arange(4), np.array([0, 0, 1, 1]))
    expected = (
        average_box(places)
        if n_boxes == 1
        else np.array([[1, 0, 101, 100]] * 2 + [[moved + 1, 0, moved + 101, 100]] * 2)
    )
    np.testing.assert_allclose(box, expected)


def test_a_larger_face_counts_as_elsewhere():
    box = clip_box(np.array([[0.0, 0, 100, 100], [-50, -50, 150, 150]]), np.arange(2), np.array([0, 1]))
    assert box.shape == (2, 4)


def test_frames_without_a_face_belong_to_their_shot():
    places = np.concatenate([LEFT[:1], RIGHT])
    box = clip_box(places, np.array([1, 4]), np.array([0, 0, 0, 1, 1, 2]))
    np.testing.assert_allclose(box, [LEFT[0]] * 3 + [RIGHT[0]] * 2 + [average_box(places)])


def test_box_and_matrix_of_a_frame():
    rows = np.concatenate([LEFT, RIGHT])
    for box in (LEFT[0], rows):
        for frame, row in (
            (0, LEFT[0]),
            (2, box if box.ndim == 1 else RIGHT[0]),
            (9, box if box.ndim == 1 else RIGHT[0]),
        ):
            np.testing.assert_array_equal(box_at(box, frame), row)
    np.testing.assert_array_equal(box_matrices(LEFT[0], np.arange(3)), box_matrix(LEFT[0], dsize=512))
    matrices = box_matrices(rows, np.array([0, 2]))
    assert matrices.shape == (2, 3, 3)
    np.testing.assert_array_equal(matrices[1], box_matrix(RIGHT[0], dsize=512))
