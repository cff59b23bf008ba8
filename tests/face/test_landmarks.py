import json

import numpy as np
import pytest

from src.errors import InputError
from src.face.face import Scheme
from src.face.landmarks import extent_points, mesh_in_crop, planar, reference_points, scheme_of

from .goldens import assert_close, load

CASES = [(case["k"], case["n"]) for case in json.loads(str(load("crop")["crop_meta"]))["lm"]]


@pytest.mark.parametrize(("case", "count"), CASES)
@pytest.mark.parametrize(("use_lip", "name"), [(True, "lip"), (False, "eyes")])
def test_reference_points_match_the_golden_ones(case, count, use_lip, name):
    golden = load("crop")
    points = golden[f"lm{case}_pts"]
    assert_close(reference_points(points, scheme_of(count), use_lip=use_lip), golden[f"lm{case}_pt2_{name}"], "matrix")


def test_scheme_follows_the_number_of_points():
    assert [scheme_of(n) for n in (478, 203, 106, 101, 68, 9, 5)] == [
        Scheme.MESH478,
        Scheme.LMK203,
        Scheme.LMK106,
        Scheme.LMK101,
        Scheme.LMK68,
        Scheme.ANIMAL9,
        Scheme.KP5,
    ]
    assert scheme_of(150) is scheme_of(102) is Scheme.LMK101


@pytest.mark.parametrize("count", [0, 1, 4, 6, 67, 100])
def test_unknown_number_of_points_is_an_error_that_names_it(count):
    with pytest.raises(InputError, match=f"{count} landmarks"):
        scheme_of(count)


@pytest.mark.parametrize("shape", [(478,), (478, 4), (2, 478, 2)])
def test_landmarks_of_a_wrong_shape_are_an_error(shape):
    with pytest.raises(InputError, match="shape"):
        planar(np.zeros(shape, np.float32))


def test_mesh_reference_points_are_eye_and_mouth_centres():
    mesh = np.zeros((478, 3), np.float32)
    mesh[[33, 133, 145, 159], :2] = (100, 50)
    mesh[[263, 362, 374, 386], :2] = (200, 60)
    mesh[61, :2], mesh[291, :2] = (120, 150), (180, 150)
    np.testing.assert_allclose(reference_points(mesh, Scheme.MESH478), [[150, 55], [150, 150]])


def test_mesh_extent_ends_at_the_highest_brow_point():
    mesh = np.zeros((478, 3), np.float32)
    mesh[:, 1] = 100
    mesh[10, 1] = 20  # the forehead
    mesh[105, 1] = 50  # the highest brow point
    mesh[9, 1] = 49.5  # within the tolerance
    kept = extent_points(mesh, Scheme.MESH478, np.array([0, 1], np.float32))
    assert kept.shape == (477, 2)
    assert kept[:, 1].min() == 49.5
    other = extent_points(mesh[:203], Scheme.LMK203, np.array([0, 1], np.float32))
    assert len(other) == 203


def test_mesh_in_crop_puts_the_edges_of_the_crop_at_one():
    # The crop shows the picture's pixels 10..59 twice enlarged: its left edge is the picture's edge 10.
    M_o2c = np.array([[2, 0, 2 * -10 + 0.5], [0, 2, 2 * -10 + 0.5], [0, 0, 1]], np.float32)
    mesh = np.zeros((478, 3), np.float32)
    mesh[0], mesh[1] = (10, 10, 25), (60, 60, -50)
    normalised = mesh_in_crop(mesh, M_o2c, 100)
    assert normalised.dtype == np.float32
    np.testing.assert_allclose(normalised[:2], [[-1, -1, 1], [1, 1, -2]], atol=1e-6)


def test_mesh_in_crop_wants_the_mesh():
    with pytest.raises(InputError, match="478"):
        mesh_in_crop(np.zeros((203, 2), np.float32), np.eye(3, dtype=np.float32), 512)
