import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.motion.mesh import motion_from_meshes
from src.training.data.framing import Framing, FramingOptions, draw_framing

from ..toy_faces import SIZE, toy_mesh


def framing(zoom=1.0, degrees=0.0, flipped=False, shift=(0.0, 0.0)):
    angle = np.radians(degrees)
    linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = linear @ np.diag([-1.0 if flipped else 1.0, 1.0])
    return Framing(linear, np.array(shift), flipped, cv2.BORDER_CONSTANT)


def keypoints(mesh):
    motion = motion_from_meshes(mesh[None])
    x = motion.scale[..., None] * (motion.kp @ motion.R + motion.exp) + motion.t[:, None]
    return x.numpy(), motion.R.numpy()


def test_the_identity_changes_nothing():
    kp, R = keypoints(toy_mesh(yaw=0.2))
    picture = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3), np.uint8)
    assert np.allclose(framing().keypoints(kp), kp)
    assert np.allclose(framing().poses(R), R)
    assert (framing().pictures([picture], SIZE)[0] == picture).all()


@pytest.mark.parametrize(
    "case",
    [
        framing(zoom=1.2),
        framing(degrees=15),
        framing(flipped=True),
        framing(0.9, -20, True, (0.1, -0.05)),
    ],
)
@pytest.mark.parametrize("size", [128, 256])
def test_pictures_and_keypoints_move_alike(case, size):
    """A dot that is drawn at a keypoint is found where the keypoint is said to be."""
    kp = np.zeros((21, 3), np.float32)
    kp[:, :2] = np.random.default_rng(1).uniform(-0.4, 0.4, (21, 2))
    order = np.arange(21)
    for a, b in [(11, 15), (13, 16), (17, 14), (3, 7), (1, 2), (8, 9), (6, 12)]:
        order[[a, b]] = b, a
    moved = case.keypoints(kp)
    for slot in (0, 11, 14):
        picture = np.zeros((SIZE, SIZE, 3), np.uint8)
        x, y = (kp[slot, :2] + 1) * SIZE / 2 - 0.5
        rows, columns = np.mgrid[:SIZE, :SIZE]
        picture[...] = (255 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 18))[..., None]
        found = case.pictures([picture], size)[0, ..., 0].astype(float)
        rows, columns = np.mgrid[:size, :size]
        centre = np.array([(columns * found).sum(), (rows * found).sum()]) / found.sum()
        where = order[slot] if case.flipped else slot
        expected = (moved[where, :2] + 1) * size / 2 - 0.5
        assert np.abs(centre - expected).max() < 0.25, slot


@pytest.mark.parametrize("flipped", [False, True])
def test_poses_are_those_of_the_framed_face(flipped):
    """Measuring the framed keypoints' mesh gives the framed pose: for a turn exactly, for a flip by symmetry."""
    mesh = toy_mesh(yaw=0.3, roll=0.1)
    case = framing(1.1, 10, flipped)
    _, R = keypoints(mesh)
    plane = mesh[:, :2] @ case.linear.T
    framed = np.concatenate([plane, mesh[:, 2:] * 1.1], 1)
    if flipped:
        framed = toy_mesh(yaw=-0.3, roll=-0.1)
        turn = framing(1.1, 10).linear
        framed = np.concatenate([framed[:, :2] @ turn.T, framed[:, 2:] * 1.1], 1)
    _, expected = keypoints(framed)
    assert np.abs(case.poses(R) - expected).max() < 1e-3


@given(st.integers(0, 2**31))
def test_draws_stay_in_their_limits(seed):
    options = FramingOptions(zoom=(0.9, 1.1), turn=5.0, shift_x=0.1, shift_y=(-0.1, 0.2))
    drawn = draw_framing(np.random.default_rng(seed), options, nominal=1.0)
    zoom = np.sqrt(abs(np.linalg.det(drawn.linear)))
    assert 0.8999 <= zoom <= 1.1001
    assert (np.linalg.det(drawn.linear) < 0) == drawn.flipped
    assert abs(drawn.shift[0]) <= 0.1 and -0.1 <= drawn.shift[1] <= 0.2
