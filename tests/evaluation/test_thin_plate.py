import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.evaluation.thin_plate import spline_grid, warped_by_landmarks
from src.motion.mesh_points import mean_face

SIDE = 64
CENTRES = (np.arange(SIDE) + 0.5) * 2 / SIDE - 1
FACE = mean_face() * 0.5


def points(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, (30, 2))


def identity_grid() -> np.ndarray:
    return np.stack(np.meshgrid(CENTRES, CENTRES), axis=-1)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_a_shift_is_exact(seed, x, y):
    given_points = points(seed)
    grid = spline_grid(given_points, given_points + np.array([x, y]), SIDE)
    np.testing.assert_allclose(grid, identity_grid() + np.array([x, y]), atol=1e-6)


def test_points_go_where_they_should():
    there = points(1)
    moved = there + 0.05 * np.sin(5 * there[:, ::-1])
    grid = spline_grid(there, moved, 512)
    pixels = np.floor((there + 1) * 256).astype(int)
    np.testing.assert_allclose(grid[pixels[:, 1], pixels[:, 0]], moved, atol=0.01)


def test_the_same_face_is_the_same_picture():
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    np.testing.assert_array_equal(warped_by_landmarks(picture, FACE, FACE), picture)


def test_the_face_moves_and_the_border_stays():
    ramp = np.repeat(np.linspace(0, 255, 256).astype(np.uint8)[None, :, None], 256, axis=0).repeat(3, axis=2)
    warped = warped_by_landmarks(ramp, FACE, FACE + np.array([0.1, 0, 0])).astype(int)
    nose = np.floor((FACE[4, :2] + [0.1, 0] + 1) * 128).astype(int)
    assert ramp[nose[1], nose[0], 0] - warped[nose[1], nose[0], 0] == pytest.approx(0.1 * 128, abs=2)
    assert np.abs(warped[:, [0, -1]] - ramp[:, [0, -1]]).max() <= 2


def test_closed_lips_make_no_trouble():
    closed = FACE.copy()
    closed[14], closed[87], closed[317] = closed[13], closed[82], closed[312]
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert warped_by_landmarks(picture, FACE, closed).shape == picture.shape
