import numpy as np

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
