from pathlib import Path

import numpy as np
import pytest

from src.motion.mesh_points import RIGID_POINTS, keypoints, mean_face, mean_keypoints, opening

GOLDEN = Path(__file__).parents[1] / "data" / "compact" / "golden.npz"


@pytest.fixture(scope="module")
def mesh():
    return np.load(GOLDEN)["source_mesh"].astype(np.float64)


def test_opening_has_no_unit(mesh):
    np.testing.assert_allclose(opening(mesh * 256), opening(mesh), rtol=1e-6)


def test_opening_follows_the_lips(mesh):
    wider = mesh.copy()
    wider[14, 1] += 0.1  # the inner lower lip, downwards
    assert opening(wider)[2] > opening(mesh)[2]
    np.testing.assert_array_equal(opening(wider)[:2], opening(mesh)[:2])


def test_keypoints_are_weighted_means(mesh):
    shift = np.array([0.1, -0.2, 0.3])
    np.testing.assert_allclose(keypoints(mesh + shift), keypoints(mesh) + shift, atol=1e-12)
    np.testing.assert_allclose(keypoints(np.stack([mesh, 2 * mesh])), [keypoints(mesh), 2 * keypoints(mesh)])


def test_mean_keypoints_are_symmetric_and_near_the_mean_face():
    points = mean_keypoints()
    assert points[2] == pytest.approx(points[1] * [-1, 1, 1])  # the brows
    assert points[4] == pytest.approx(points[4] * [0, 1, 1], abs=1e-12)  # the tip of the nose
    assert np.abs(points - keypoints(mean_face())).max() < 0.05


def test_shared_arrays_cannot_be_written_to():
    for array in (mean_face(), mean_keypoints()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_rigid_points_are_distinct():
    assert len(set(RIGID_POINTS)) == len(RIGID_POINTS) == 40
