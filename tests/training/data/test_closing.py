import numpy as np
import pytest

from src.motion.mesh_points import opening
from src.training.data.closing import MouthClosing

from ..toy_faces import SIZE, toy_mesh, toy_picture


def closed(mesh):
    plane = MouthClosing.of_mesh(mesh).after(mesh[:, :2].astype(np.float64))
    return np.concatenate([plane, mesh[:, 2:]], 1)


@pytest.mark.parametrize("opened", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("roll", [0.0, 0.5])
def test_lips_meet_and_eyes_stay(opened, roll):
    mesh = toy_mesh(opened=opened, roll=roll)
    after = closed(mesh)
    assert opening(mesh)[2] > 0.1 and opening(after)[2] < 0.01
    assert np.allclose(opening(after)[:2], opening(mesh)[:2], atol=1e-3)


def test_the_map_goes_both_ways():
    mesh = toy_mesh(opened=0.8, roll=0.2)
    closing = MouthClosing.of_mesh(mesh)
    points = np.random.default_rng(0).uniform(-0.6, 0.8, (2000, 2))
    assert np.abs(closing.before(points) - points).max() > 0.05
    assert np.abs(closing.after(closing.before(points)) - points).max() < 2e-3


def test_the_picture_shows_what_the_mesh_says():
    """The inside of the mouth, which is dark in a toy face, is gone, and the face above the lips is as it was."""
    mesh = toy_mesh(opened=1.0)
    before = toy_picture(mesh)
    after = MouthClosing.of_mesh(mesh).picture(before)
    dark = [(picture == (40, 10, 10)).all(-1).sum() for picture in (before, after)]
    assert dark[0] > 100 and dark[1] < 0.15 * dark[0]
    eyes = slice(0, SIZE // 2)
    assert np.abs(after[eyes].astype(int) - before[eyes]).mean() < 0.5
