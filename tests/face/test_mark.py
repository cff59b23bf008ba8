import numpy as np
import pytest

from src.face.mark import mark_faces

from .fakes import face_at


def test_boxes_and_numbers_are_drawn_into_a_copy():
    picture = np.zeros((200, 300, 3), np.uint8)
    marked = mark_faces(picture, [face_at(40, 60, size=50), face_at(180, 100, size=60)])
    assert not picture.any() and marked.shape == picture.shape and marked.dtype == np.uint8
    for left, top, size in ((40, 60, 50), (180, 100, 60)):
        for x, y in ((left + size // 2, top + size), (left, top + size // 2), (left + size, top + size // 2)):
            assert marked[y, x].any()
        assert marked[top - 5, left + 2].any()  # the patch of the number stands on the box
        assert not marked[top + 10 : top + size - 10, left + 10 : left + size - 10].any()
    patches = [marked[top - 18 : top, left : left + 14] for left, top in ((40, 60), (180, 100))]
    assert not np.array_equal(*patches)  # 0 and 1


@pytest.mark.parametrize("place", [(-20, -20), (95, 95), (0, 0)])
def test_boxes_may_leave_the_picture(place):
    marked = mark_faces(np.zeros((100, 100, 3), np.uint8), [face_at(*place, size=40)])
    assert marked.any()


def test_the_number_of_a_face_at_the_top_is_seen():
    marked = mark_faces(np.zeros((100, 100, 3), np.uint8), [face_at(30, 0, size=40)])
    assert (marked[1:12, 31:38].max(axis=2) > 0).all(axis=1).any()


def test_without_faces_nothing_is_drawn():
    picture = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    assert np.array_equal(mark_faces(picture, []), picture)
