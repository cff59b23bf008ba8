import cv2
import numpy as np
import pytest

from src.face.point_flow import flow

POINTS = np.array([[90, 80], [150, 82], [121, 120], [121, 145]], np.float32)


@pytest.fixture(scope="module")
def texture():
    noise = np.random.default_rng(0).integers(0, 256, (60, 60)).astype(np.uint8)
    return cv2.resize(noise, (240, 240), interpolation=cv2.INTER_CUBIC)


def warped(gray, matrix):
    return cv2.warpAffine(gray, matrix, gray.shape[::-1], borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize("angle", [-4, 0, 4])
@pytest.mark.parametrize(("scale", "shift"), [(1.0, (0, 0)), (1.03, (5.5, -3)), (0.97, (-6, 4))])
def test_points_go_with_what_they_lie_on(texture, angle, scale, shift):
    matrix = cv2.getRotationMatrix2D((120, 110), angle, scale)
    matrix[:, 2] += shift
    expected = POINTS @ matrix[:, :2].T + matrix[:, 2]
    found = flow(texture, warped(texture, matrix), POINTS)
    assert found.shape == (4, 2) and found.dtype == np.float32
    assert np.abs(found - expected).max() < 0.5


def test_each_point_moves_on_its_own(texture):
    now = texture.copy()
    now[95:170, 95:150] = texture[98:173, 92:147]  # nose and mouth go 3 to the right and 3 up
    found = flow(texture, now, POINTS)
    np.testing.assert_allclose(found[:2], POINTS[:2], atol=0.3)
    np.testing.assert_allclose(found[2:], np.add(POINTS[2:], (3, -3)), atol=0.7)


def test_a_point_that_is_lost_moves_with_the_others(texture):
    now = warped(texture, np.array([[1, 0, 2.0], [0, 1, 1.0]]))
    now[75:97, 142:168] = 0  # the right eye
    found = flow(texture, now, POINTS)
    np.testing.assert_allclose(found, np.add(POINTS, (2, 1)), atol=0.5)


def test_a_black_frame_leaves_the_points_where_they_were(texture):
    found = flow(texture, np.zeros_like(texture), POINTS)
    assert np.isfinite(found).all() and np.abs(found - POINTS).max() < 60


@pytest.mark.parametrize("times", [2, 4])
def test_a_large_face(texture, times):
    large = cv2.resize(texture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    now = warped(large, np.array([[1, 0, 3.0 * times], [0, 1, -2.0 * times]]))
    np.testing.assert_allclose(
        flow(large, now, POINTS * times), np.add(POINTS * times, (3 * times, -2 * times)), atol=1
    )
