import numpy as np
import pytest

from src.evaluation.face_parts import areas_of, eye_distance
from src.evaluation.landmarks import flicker, landmark_metrics, tremble
from src.motion.mesh_points import mean_face

FACE = mean_face() * 0.5


def test_the_same_mesh():
    assert set(landmark_metrics(FACE, FACE, 256).values()) == {0.0}


def test_a_shift_in_eye_distances_and_in_pixels():
    shift = np.array([0.3, 0.4, 7.0]) * 0.1  # depth does not count
    found = landmark_metrics(FACE + shift, FACE, 256)
    expected = 0.05 / eye_distance(FACE)
    for name in ("landmarks", "landmarks_lips", "landmarks_eyes"):
        assert found[name] == pytest.approx(expected)
    assert found["akd"] == pytest.approx(0.05 * 128)
    assert (found["eye_ratio"], found["lip_ratio"]) == (pytest.approx(0), pytest.approx(0))


def test_a_mouth_that_opens():
    opened = FACE.copy()
    opened[14, 1] += 0.1  # inner lower lip; the mouth is |78 - 308| wide
    found = landmark_metrics(opened, FACE, 256)
    assert found["lip_ratio"] == pytest.approx(0.1 / np.linalg.norm(FACE[78, :2] - FACE[308, :2]))
    assert found["landmarks_eyes"] == found["eye_ratio"] == 0 < found["landmarks_lips"]


def test_a_face_that_is_lost():
    assert all(np.isnan(value) for value in landmark_metrics(np.full_like(FACE, np.nan), FACE, 256).values())


def test_steady_motion_does_not_tremble():
    steps = np.arange(6)[:, None, None] * np.array([0.01, -0.02, 0])
    assert tremble(FACE + steps) == pytest.approx(np.zeros(4), abs=1e-9)


def test_how_much_a_face_trembles():
    unit = float(eye_distance(FACE))
    sway = (np.arange(6) % 2)[:, None, None] * np.array([unit / 100, unit / 100, 0])
    assert tremble(FACE + sway) == pytest.approx(np.full(4, 20))  # second difference: twice the sway, in thousandths


def test_triples_with_a_face_that_is_lost_are_unknown():
    faces = np.repeat(FACE[None], 6, axis=0)
    faces[1] = np.nan
    np.testing.assert_array_equal(tremble(faces), [np.nan, np.nan, 0, 0])
    assert np.isnan(tremble(faces * np.nan)).all()


def test_flicker_counts_the_area_alone():
    pictures = np.zeros((3, 8, 8, 3), np.uint8)
    pictures[1, :4] = 51
    top = np.zeros((8, 8), bool)
    top[:4] = True
    assert flicker(pictures, top) == pytest.approx(0.2)
    assert flicker(pictures, ~top) == 0


def test_areas():
    areas = areas_of(FACE, 256)
    assert not (areas.mouth & areas.eyes).any() and not (areas.outside & areas.face).any()
    assert (areas.mouth & areas.face).sum() == areas.mouth.sum() > 200
    for part, inside in ((13, areas.mouth), (159, areas.eyes), (386, areas.eyes), (4, areas.face)):
        x, y = np.floor((FACE[part, :2] + 1) * 128).astype(int)
        assert inside[y, x]
    assert areas.outside[:4].all() and areas.outside[:, -4:].all()


def test_a_mesh_is_found_wherever_the_search_begins(finder, clips):
    clip = clips["one_0"]
    picture, mesh = clip.pictures([0]), clip.meshes[[0]]
    found = [finder.find(picture, mesh + np.array([x, y, 0])) for x, y in ((0, 0), (0.1, 0), (-0.05, 0.1))]
    for other in found:
        assert landmark_metrics(other[0], mesh[0], 256)["landmarks"] < 0.03
    assert landmark_metrics(found[0][0], found[1][0], 256)["landmarks"] < 0.01


def test_no_face_no_mesh(finder):
    grey = np.full((1, 256, 256, 3), 128, np.uint8)
    assert np.isnan(finder.find(grey, FACE[None])).all()
