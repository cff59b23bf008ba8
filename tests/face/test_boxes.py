import numpy as np

from src.face.boxes import box_areas, box_of, box_overlap, box_shared


def test_overlap_is_intersection_over_union():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30], [3, 3, 3, 9], [9, 9, 1, 1]], np.float32)
    np.testing.assert_allclose(box_overlap(boxes[0], boxes), [1, 1 / 3, 0, 0, 0], rtol=1e-6)
    np.testing.assert_array_equal(box_overlap(boxes[3], boxes), 0)
    np.testing.assert_array_equal(box_areas(boxes), [100, 100, 100, 0, 0])


def test_box_of_points_ignores_depth():
    points = np.array([[3, 9, -50], [-1, 2, 70]], np.float32)
    np.testing.assert_array_equal(box_of(points), [-1, 2, 3, 9])


def test_shared_is_the_part_of_the_smaller_box():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [2, 2, 4, 4], [-50, -50, 50, 50], [9, 9, 1, 1]], np.float32)
    np.testing.assert_allclose(box_shared(boxes[0], boxes), [1, 0.5, 1, 1, 0], rtol=1e-6)
