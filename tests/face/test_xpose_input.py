import numpy as np
import pytest

from src.errors import InputError
from src.face.xpose_input import input_size, to_input
from tests.parity import check, fill_xpose
from tests.tolerances import FLOAT32

RUN = check.load("xpose/run")


def test_sizes():
    for width, height, *expected in RUN["sizes"].tolist():
        assert input_size(width, height) == tuple(expected)


def test_the_input_agrees_with_the_official_one():
    found = to_input(fill_xpose.image_u8(75, 400, 4))
    assert found[0].shape == tuple(RUN["input_shape"])
    difference = np.abs(found.flatten()[::997].numpy() - RUN["input_s997"])
    assert difference.max() <= FLOAT32["xpose_input"].abs


def test_a_picture_of_the_right_size_is_not_resized():
    picture = fill_xpose.image_u8(800, 900)
    assert np.array_equal(to_input(picture).numpy(), fill_xpose.normalised(picture))


@pytest.mark.parametrize(("height", "width"), [(10, 600), (1, 5000), (4000, 70)])
def test_a_picture_too_narrow_is_refused(height, width):
    with pytest.raises(InputError, match=f"{width} x {height} pixels is too narrow"):
        to_input(np.zeros((height, width, 3), np.uint8))


def test_a_narrow_picture_is_taken():
    assert to_input(np.zeros((40, 1000, 3), np.uint8)).shape[2:] == (53, 1325)


def test_tiny_pictures_are_taken():
    assert to_input(np.zeros((1, 1, 3), np.uint8)).shape == (1, 3, 800, 800)
