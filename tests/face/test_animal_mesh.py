"""The mesh over four points: on them, frontal or turned as they say, and going wherever they go."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from src.face.animal_mesh import mesh_over
from src.motion.measures import fit_pose
from src.motion.mesh_points import mean_face, opening

from .meshes import points_of_mesh
from .test_animal_points import CAT, moved

DOG = np.array([(200, 300), (290, 296), (240, 400), (238, 440)], np.float32)  # a long muzzle, a little aside
LOOKING_ASIDE = np.array([(60, 60), (100, 62), (64, 90), (68, 104)], np.float32)
POINTS = {"cat": CAT, "dog": DOG, "aside": LOOKING_ASIDE}
ON_POINTS = 1e-5  # eye distances: the bend is exact up to float32


def eye_distance(points):
    return float(np.linalg.norm(points[1] - points[0]))


def turn_of(mesh):
    """Yaw and pitch in degrees of a mesh, as the motion of the compact model measures its pose."""
    yaw, pitch, _ = Rotation.from_matrix(fit_pose(mesh[None].astype(np.float64)).R[0]).as_euler("yxz", degrees=True)
    return float(yaw), float(pitch)


def projected(yaw, pitch, size=60.0):
    """The four points of a mean face that is turned by so many degrees, seen from the front, in pixels."""
    turned = mean_face() @ Rotation.from_euler("yx", [yaw, pitch], degrees=True).as_matrix()
    points = points_of_mesh(turned)
    return (points * size / eye_distance(points_of_mesh(mean_face())) + [200, 200]).astype(np.float32)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", POINTS)
def test_eyes_nose_and_mouth_lie_on_the_points(name, turned):
    points = POINTS[name]
    mesh = mesh_over(points, turned=turned)
    assert mesh.shape == (478, 3) and mesh.dtype == np.float32
    off = np.linalg.norm(points_of_mesh(mesh) - points, axis=1) / eye_distance(points)
    assert off.max() < ON_POINTS


@pytest.mark.parametrize("yaw", [-35, 0, 20])
@pytest.mark.parametrize("pitch", [-25, 0, 25])
@pytest.mark.parametrize("turned", [False, True])
def test_they_lie_on_the_points_in_every_pose(yaw, pitch, turned):
    points = projected(yaw, pitch)
    off = points_of_mesh(mesh_over(points, turned=turned)) - points
    assert np.linalg.norm(off, axis=1).max() < ON_POINTS * 60


def test_the_mean_face_over_its_own_points_is_the_mean_face():
    mean = mean_face()
    np.testing.assert_allclose(mesh_over(points_of_mesh(mean)), mean, atol=1e-5)


@pytest.mark.parametrize("name", POINTS)
def test_frontal_unless_it_is_to_turn(name):
    """The bent nose pulls a little at the pose that is measured."""
    yaw, pitch = turn_of(mesh_over(POINTS[name]))
    assert abs(yaw) < 3 and abs(pitch) < 3


def test_z_points_away_from_the_viewer():
    mesh = mesh_over(CAT)
    nose, ears = mesh[4, 2], mesh[[234, 454], 2].mean()
    assert nose < mesh[[468, 473], 2].mean() < ears
    assert ears - nose == pytest.approx(np.ptp(mean_face()[[4, 234, 454], 2]) * 60 / 0.5, rel=0.6)


def test_eyes_are_open_and_the_mouth_all_but_closed():
    left, right, lips = opening(mesh_over(CAT)[None])[0]
    assert left > 0.15 and right > 0.15 and lips < 0.2


@settings(deadline=None, max_examples=30)
@given(
    name=st.sampled_from(sorted(POINTS)),
    turned=st.booleans(),
    scale=st.floats(0.2, 10),
    degrees=st.floats(-55, 55),
    shift=st.tuples(st.floats(-300, 300), st.floats(-300, 300)),
)
def test_the_mesh_goes_with_the_points(name, turned, scale, degrees, shift):
    points = POINTS[name]
    mesh, other = mesh_over(points, turned=turned), mesh_over(moved(points, scale, degrees, shift), turned=turned)
    size = scale * eye_distance(points)
    expected = moved(mesh[:, :2], scale, degrees, shift)
    assert np.abs(other[:, :2] - expected).max() < 5e-3 * size
    assert np.abs(other[:, 2] - scale * mesh[:, 2]).max() < 5e-3 * size


@pytest.mark.parametrize("pitch", [-25, 0, 25])
@pytest.mark.parametrize("yaw", [-30, -15, 15, 30])
def test_a_turned_face_gives_back_its_yaw(yaw, pitch):
    """Pulled a little towards zero."""
    found, _ = turn_of(mesh_over(projected(yaw, pitch), turned=True))
    assert 0.9 < found / yaw < 1.01


@pytest.mark.parametrize("yaw", [-20, 0, 20])
@pytest.mark.parametrize("pitch", [-30, -15, 15, 30])
def test_a_turned_face_gives_back_its_pitch(yaw, pitch):
    _, found = turn_of(mesh_over(projected(yaw, pitch), turned=True))
    assert 0.9 < found / pitch < 1.01


def test_a_frontal_face_stays_frontal():
    assert turn_of(mesh_over(projected(0, 0), turned=True)) == pytest.approx((0, 0), abs=0.5)


coordinates = st.floats(-0.79, 0.79)


@settings(deadline=None, max_examples=50)
@given(
    nose_x=coordinates,
    nose_y=st.floats(0.11, 1.0),
    mouth_x=coordinates,
    below=st.floats(0.01, 1.4),
    size=st.floats(1, 2000),
)
@pytest.mark.parametrize("turned", [False, True])
def test_extreme_points_give_a_finite_mesh(turned, nose_x, nose_y, mouth_x, below, size):
    points = np.array([(-0.5, 0), (0.5, 0), (nose_x, nose_y), (mouth_x, nose_y + below)]) * size
    mesh = mesh_over(points.astype(np.float32), turned=turned)
    assert np.isfinite(mesh).all()
    assert np.linalg.norm(points_of_mesh(mesh) - points, axis=1).max() < 1e-4 * size
