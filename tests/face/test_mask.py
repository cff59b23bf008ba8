import numpy as np
import pytest

from src.errors import InputError
from src.face.mask import mask_template

from .goldens import load


def test_mask_is_the_official_one():
    golden = load("pasteback")
    mask = mask_template()
    assert (mask.shape, mask.dtype) == ((512, 512), np.uint8)
    np.testing.assert_array_equal(mask[golden["mask_row_index"]], golden["mask_rows"])


def test_mask_is_symmetric():
    inner = mask_template()[1:, 1:]
    np.testing.assert_array_equal(inner, inner.T)
    np.testing.assert_array_equal(inner, inner[::-1, ::-1])


@pytest.mark.parametrize("edge", [1, 40, 200])
def test_edge_is_as_wide_as_asked(edge):
    middle = mask_template(edge)[256]
    np.testing.assert_array_equal(middle[: edge + 1], np.floor(255 * (1 - np.arange(edge, -1, -1) / edge)))
    assert (middle[edge : 513 - edge] == 255).all()


def test_wider_edge_never_shows_more_of_the_crop():
    assert (mask_template(64) <= mask_template(16)).all()


@pytest.mark.parametrize("edge", [0, -3, 201])
def test_edge_of_no_sense_is_an_error(edge):
    with pytest.raises(InputError, match="1 to 200 pixels"):
        mask_template(edge)


def test_mask_is_read_only():
    """It is shared by all who ask for it."""
    with pytest.raises(ValueError, match="read-only"):
        mask_template()[0, 0] = 1
