import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import InputError
from src.motion.jitter import jitter

FACE = np.random.default_rng(0).uniform(100, 300, (40, 2))
TIME = np.arange(12.0)[:, None, None]


def test_trembling_is_told_in_per_cent_of_the_face() -> None:
    face = np.array([[0.0, 0], [200, 0], [0, 100]])
    back_and_forth = (-1.0) ** TIME * [0, 1]  # second differences of 4
    assert jitter(face + back_and_forth) == pytest.approx(100 * 4 / 200)


@given(st.floats(-9, 9), st.floats(-9, 9))
def test_even_movement_is_none(dx: float, dy: float) -> None:
    assert jitter(FACE + TIME * [dx, dy]) == pytest.approx(0, abs=1e-9)


def test_size_of_the_picture_does_not_matter() -> None:
    clip = FACE + np.random.default_rng(1).normal(size=(12, 40, 2))
    assert jitter(clip * 3.7) == pytest.approx(jitter(clip))


@pytest.mark.parametrize("shape", [(2, 5, 2), (5, 5, 3), (5, 2), (5, 1, 2), (0, 5, 2)])
def test_too_little_to_measure_is_an_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="jitter"):
        jitter(np.zeros(shape))
