import cv2
import numpy as np
import pytest

from src.errors import InputError
from src.face.sampling import Region, check_rgb


def test_a_whole_picture_is_sampled_as_it_is():
    picture = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    region = Region(np.array([10.0, 10.0]), 20)
    np.testing.assert_array_equal(region.sample(picture, 20, border=cv2.BORDER_CONSTANT), picture)


def test_a_quarter_turn_turns_the_picture():
    picture = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    region = Region(np.array([10.0, 10.0]), 20, np.pi / 2)
    turned = region.sample(picture, 20, border=cv2.BORDER_REPLICATE)
    # The square is turned clockwise, so what it shows is turned counter-clockwise.
    assert np.abs(turned.astype(int) - np.rot90(picture)).max() <= 1


@pytest.mark.parametrize("angle", [0.0, 0.7, -2.5])
def test_fractions_lead_back_to_what_was_sampled(angle):
    picture = np.zeros((300, 400, 3), np.uint8)
    cv2.circle(picture, (210, 130), 6, (255, 255, 255), -1, lineType=cv2.LINE_AA)
    region = Region(np.array([200.0, 140.0]), 96, angle)
    seen = region.sample(picture, 192, border=cv2.BORDER_CONSTANT)[..., 0].astype(float)
    y, x = np.mgrid[:192, :192] + 0.5
    fraction = np.array([[(x * seen).sum(), (y * seen).sum()]]) / seen.sum() / 192
    # The circle's centre is that of pixel (210, 130).
    np.testing.assert_allclose(region.to_picture(fraction), [[210.5, 130.5]], atol=0.05)


@pytest.mark.parametrize(
    "bad",
    [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5, 3)), np.zeros((0, 5, 3), np.uint8)],
)
def test_what_is_not_a_picture_is_an_error(bad):
    with pytest.raises(InputError, match="uint8"):
        check_rgb(bad)
