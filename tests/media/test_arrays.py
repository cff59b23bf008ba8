import numpy as np
import pytest
from PIL import Image

from src.errors import InputError
from src.media.arrays import is_picture, rgb_array, rgb_frames

RGB = np.random.default_rng(3).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def test_rgb_stays_as_it_is():
    for made in (rgb_array(RGB, "it"), rgb_frames(RGB[None], "it")[0]):
        assert np.shares_memory(made, RGB)  # a long clip must not be copied
        assert np.array_equal(made, RGB)


def test_grey_and_alpha():
    grey = RGB[..., 0]
    for given in (grey, grey[..., None], Image.fromarray(grey)):
        assert np.array_equal(rgb_array(given, "it"), np.repeat(grey[..., None], 3, axis=2))
    rgba = np.dstack([RGB, np.zeros((6, 8), np.uint8)])
    assert np.array_equal(rgb_array(rgba, "it"), RGB)
    assert np.array_equal(rgb_array(Image.fromarray(rgba), "it"), RGB)
    assert np.array_equal(rgb_frames(np.stack([rgba, rgba]), "it"), [RGB, RGB])
    assert rgb_frames(np.zeros((2, 6, 8, 1), np.uint8), "it").shape == (2, 6, 8, 3)


def test_what_comes_out_is_contiguous():
    """BGR turned round by a view has negative strides, which torch refuses."""
    for given in (RGB[..., ::-1], RGB[:, ::-1], np.dstack([RGB, RGB[..., :1]])):
        assert rgb_array(given, "it").flags.c_contiguous
    assert rgb_frames(RGB[None, ..., ::-1], "it").flags.c_contiguous


def test_an_image_is_turned_upright():
    image = Image.fromarray(RGB)
    exif = image.getexif()
    exif[0x0112] = 6
    assert np.array_equal(rgb_array(image, "it"), np.rot90(RGB, -1))


def test_pictures_of_one_size_are_frames():
    frames = rgb_frames([RGB, Image.fromarray(RGB), RGB[..., 0]], "it")
    assert frames.shape == (3, 6, 8, 3)
    assert np.array_equal(frames[1], RGB)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (RGB / 255, r"float64 of shape \(6, 8, 3\) with values from 0 to 1: give uint8 .*\(array \* 255\)"),
        (RGB.astype(np.float32), r"float32 .* with values from \d+ to 2\d\d: give uint8 .* array\.round"),
        (RGB[..., 0] / 255, r"float64 of shape \(6, 8\) with values"),
        (RGB.astype(np.uint16) * 257, r"uint16 .* with values from \d+ to 6\d{4}: give uint8"),
        (RGB > 9, r"bool of shape \(6, 8, 3\): give uint8"),
        (RGB.transpose(2, 0, 1), r"shape \(3, 6, 8\): give RGB of shape \(H, W, 3\).* move the channels to the end"),
        (RGB[..., :2], r"shape \(6, 8, 2\): give RGB of shape"),
        (np.zeros(5, np.uint8), r"shape \(5,\)"),
        (np.zeros((0, 8, 3), np.uint8), r"shape \(0, 8, 3\): it holds no pixels"),
        (np.array([[None]]), "object"),
    ],
)
def test_other_arrays_are_shown_and_refused(array, said):
    with pytest.raises(InputError, match=f"^the source is an array of .*{said}"):
        rgb_array(array, "the source")


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([RGB, RGB[:4]], "^frame 1 of the driving is 8x4, but frame 0 is 8x6: make them one size"),
        ([RGB, RGB / 255], "^frame 1 of the driving is an array of float64"),
        (np.zeros((2, 3, 6, 8), np.uint8), r"^the driving is .*\(2, 3, 6, 8\): .*move the channels to the end"),
        (np.zeros((0, 6, 8, 3), np.uint8), "no pixels"),
        (np.zeros((2, 2, 6, 8, 3), np.uint8), "give RGB"),
    ],
)
def test_frames_that_cannot_be_used(frames, said):
    with pytest.raises(InputError, match=said):
        rgb_frames(frames, "the driving")


def test_an_image_that_cannot_be_used():
    with pytest.raises(InputError, match=r"^the source cannot be used: floating-point pixels"):
        rgb_array(Image.fromarray(np.zeros((4, 4), np.float32)), "the source")


def test_what_is_a_picture():
    assert is_picture(RGB) and is_picture(RGB[..., 0]) and is_picture(Image.new("L", (3, 3)))
    assert not any(is_picture(value) for value in (RGB[None], np.zeros(3), [RGB], "a.jpg", None))
