import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from src.training.data.framing import Framing
from src.training.data.reshape import ReshapeOptions, draw_reshape

from ..toy_faces import SIZE

STILL = Framing(np.eye(2), np.zeros(2), False, 0)


def drawn(seed):
    reshape = draw_reshape(np.random.default_rng(seed), ReshapeOptions(1.0))
    assert reshape is not None
    return reshape


@given(st.integers(0, 2**31))
def test_keypoints_go_where_their_pixels_go(seed):
    """The bend takes a keypoint's new place back to its old one."""
    reshape = drawn(seed)
    kp = np.random.default_rng(seed).uniform(-0.7, 0.7, (2, 21, 3)).astype(np.float32)
    moved = reshape.keypoints(kp)
    before = moved[..., :2] + reshape._at(moved[..., :2].reshape(-1, 2)).reshape(2, 21, 2)
    assert np.abs(before - kp[..., :2]).max() < 2e-3
    assert (moved[..., 2] == kp[..., 2]).all()


def test_pictures_are_bent_like_keypoints():
    reshape = drawn(3)
    kp = np.array([[0.3, -0.2, 0.1]], np.float32)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    x, y = (kp[0, :2] + 1) * SIZE / 2 - 0.5
    blob = (255 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 18)).astype(np.uint8)
    bent = STILL.pictures([np.stack([blob] * 3, -1)], 256, reshape)[0, ..., 0].astype(float)
    rows, columns = np.mgrid[:256, :256]
    centre = np.array([(columns * bent).sum(), (rows * bent).sum()]) / bent.sum()
    assert np.abs(centre - ((reshape.keypoints(kp)[0, :2] + 1) * 128 - 0.5)).max() < 0.4


def test_nothing_is_bent_unless_asked():
    assert draw_reshape(np.random.default_rng(0), ReshapeOptions(0.0)) is None
    assert abs(drawn(0).field).max() > 0.02
