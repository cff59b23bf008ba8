from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.face.landmarks import mesh_in_crop
from src.motion.measures import FaceMeasures, fit_pose, measure
from src.motion.mesh import motion_of
from src.motion.mesh_points import N_POINTS, keypoints

GOLDEN = Path(__file__).parents[1] / "data" / "compact" / "golden.npz"


@pytest.fixture(scope="module")
def meshes():
    with np.load(GOLDEN) as golden:
        return golden["driving_meshes"]


def similarity(scale: float, angle: float, x: float, y: float) -> np.ndarray:
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, s, x], [-s, c, y], [0, 0, 1]], np.float32)


views = st.lists(  # turn of a crop, its side in sizes of the face, the face's place in it
    st.tuples(st.floats(-3.2, 3.2), st.floats(0.7, 6), st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=3
)


@settings(max_examples=25, deadline=None)
@given(
    degrees=st.tuples(*[st.floats(-60, 60)] * 3),
    scale=st.floats(0.2, 3),
    shift=st.tuples(*[st.floats(-1, 1)] * 3),
)
def test_pose_follows_a_similarity(degrees, scale, shift):
    mesh = np.load(GOLDEN)["source_mesh"][None].astype(np.float64)
    x, y, z = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    turn = about_x @ about_y @ about_z
    before, after = fit_pose(mesh), fit_pose(scale * mesh @ turn + shift)
    np.testing.assert_allclose(after.scale, scale * before.scale, atol=1e-9)
    np.testing.assert_allclose(after.R, before.R @ turn, atol=1e-9)
    np.testing.assert_allclose(after.t, scale * before.t @ turn + shift, atol=1e-9)


def test_a_mirrored_mesh_still_gives_a_rotation(meshes):
    pose = fit_pose(meshes * np.array([1, 1, -1.0]))
    np.testing.assert_allclose(np.linalg.det(pose.R), 1, atol=1e-9)


def test_measures_keep_a_small_part_of_their_meshes(meshes):
    measures = measure(meshes)
    kept = [*measures.pose, measures.turned, measures.opening]
    assert sum(array.nbytes for array in kept) * 29 < meshes.astype(np.float64).nbytes
    assert all(array.base is None or array.base.nbytes == array.nbytes for array in kept)  # no view of something large


@settings(max_examples=40, deadline=None)
@given(
    views=views, size=st.sampled_from([256, 512]), face=st.floats(50, 3000), place=st.tuples(*[st.floats(0, 4000)] * 2)
)
def test_measures_go_through_matrices_as_meshes_do(views, size, face, place):
    with np.load(GOLDEN) as golden:
        mesh = golden["driving_meshes"][: len(views)].astype(np.float64)
    pixels = (mesh * face / 2 + [*place, 0]).astype(np.float32)
    matrices = [similarity(size / (face * side), angle, 0, 0) for angle, side, _, _ in views]
    for matrix, view, points in zip(matrices, views, pixels, strict=True):
        matrix[:2, 2] = size / 2 * (1 + np.array(view[2:])) - matrix[:2, :2] @ points[:, :2].mean(0)
    crops = [mesh_in_crop(points, matrix, size) for points, matrix in zip(pixels, matrices, strict=True)]
    wanted, found = measure(crops), measure(pixels).through(matrices, size)
    for name in ("scale", "R", "t"):
        np.testing.assert_allclose(getattr(found.pose, name), getattr(wanted.pose, name), rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.turned, wanted.turned, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.opening, wanted.opening, rtol=0, atol=1e-5)  # divides by the width of an eye
    for name, value in vars(motion_of(wanted)).items():
        np.testing.assert_allclose(vars(motion_of(found))[name].numpy(), value.numpy(), rtol=0, atol=1e-5)


def test_keypoints_are_affine_combinations():
    """Which is why measures may be taken before the crop is known."""
    np.testing.assert_allclose(keypoints(np.ones((1, N_POINTS, 3))), 1, rtol=0, atol=1e-12)


def test_one_matrix_serves_all_meshes(meshes):
    matrix = similarity(1.7, 0.3, 40, -20)
    one, all_of_them = (measure(meshes * 100).through(given, 512) for given in (matrix, [matrix] * len(meshes)))
    assert np.array_equal(one.turned, all_of_them.turned)
    assert all(np.array_equal(a, b) for a, b in zip(one.pose, all_of_them.pose, strict=True))


def test_z_is_measured_as_the_plane_is(meshes):
    """A head twice as large in the crop is twice as deep: its rotation stays, turned in the plane alone."""
    measures = measure(meshes * 100)
    larger = measures.through(similarity(2, 0, 0, 0), 512)
    np.testing.assert_allclose(larger.pose.R, measures.pose.R, rtol=0, atol=1e-12)
    np.testing.assert_allclose(larger.pose.t[:, 2], measures.pose.t[:, 2] * 2 / 256, rtol=1e-12)


def test_the_given_measures_stay_as_they_are(meshes):
    measures = measure(meshes[:3])
    before = [array.copy() for array in (*measures.pose, measures.turned, measures.opening)]
    measures.through(similarity(2, 1, 5, 5), 512)
    after = (*measures.pose, measures.turned, measures.opening)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_collapsed_mesh_stays_finite_in_every_crop():
    measures = measure(np.full((1, 478, 3), 900.0)).through(similarity(0.01, 1, 5, 5), 512)
    assert all(bool(value.isfinite().all()) for value in vars(motion_of(measures)).values())


@pytest.mark.parametrize(
    "change",
    [
        lambda matrix: matrix * [[1], [1.1], [1]],  # stretched
        lambda matrix: matrix * [[-1], [1], [1]],  # mirrored
        lambda matrix: matrix * 0,
        lambda matrix: matrix * np.nan,
    ],
)
def test_rejects_what_is_no_similarity(meshes, change):
    matrices = np.stack([similarity(2, 1, 5, 5)] * 2)
    matrices[1] = change(matrices[1])
    with pytest.raises(InputError, match="scale, rotate and shift only"):
        measure(meshes[:2]).through(matrices, 512)


@pytest.mark.parametrize("shape", [(2, 3), (3, 3, 3), (1, 3, 3)])
def test_rejects_matrices_of_another_shape(meshes, shape):
    with pytest.raises(InputError, match=r"matrices for 2 meshes.*got \(.*3\)"):
        measure(meshes[:2]).through(np.zeros(shape), 512)


def test_measures_one_after_the_other(meshes):
    parts = [measure(meshes[:2]), measure(meshes[2:5])]
    joined, whole = FaceMeasures.cat(parts), measure(meshes[:5])
    assert len(joined) == 5 and np.allclose(joined.turned, whole.turned, rtol=0, atol=1e-7)
