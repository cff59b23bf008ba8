import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.evaluation.face_parts import Areas
from src.evaluation.picture_metrics import l1, picture_metrics, psnr, sharpness, ssim
from tests.tolerances import FLOAT64

EXACT = FLOAT64["sum"].abs
SEEDS = st.integers(0, 2**32 - 1)
ALL = np.ones((32, 32), bool)


def noise(seed: int, size: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)


def plain(level: int) -> np.ndarray:
    return np.full((32, 32, 3), level, np.uint8)


def test_equal_pictures():
    picture = noise(1)
    found = picture_metrics(picture, picture, Areas(ALL, ALL, ALL, ~ALL))
    assert found == {
        "l1": 0,
        "psnr": 100,
        "ssim": pytest.approx(1, abs=EXACT),
        "l1_mouth": 0,
        "l1_eyes": 0,
        "l1_face": 0,
        "detail": sharpness(picture, ALL),
        "detail_real": sharpness(picture, ALL),
    }


def test_a_known_difference():
    a, b = plain(100), plain(151)  # a fifth of 255
    assert l1(a, b) == pytest.approx(0.2, abs=EXACT)
    assert psnr(a, b) == pytest.approx(-20 * math.log10(0.2), abs=1e-9)
    x, y = 100 / 255, 151 / 255
    assert ssim(a, b) == pytest.approx((2 * x * y + 1e-4) / (x * x + y * y + 1e-4), abs=1e-9)


def test_one_wrong_channel_of_an_area():
    a, b, area = plain(0), plain(0), np.zeros((32, 32), bool)
    area[4:8, 4:8] = True
    b[4:8, 4:8, 1] = 255
    assert l1(a, b, area) == pytest.approx(1 / 3, abs=EXACT)
    assert l1(a, b, ~area) == 0
    assert l1(a, b) == pytest.approx(16 / (3 * 32 * 32), abs=EXACT)
    assert math.isnan(l1(a, b, np.zeros((32, 32), bool)))


@settings(deadline=None, max_examples=20)
@given(SEEDS, SEEDS)
def test_distances_are_symmetric_and_bounded(one, other):
    a, b = noise(one), noise(other)
    for distance in (l1, psnr, ssim):
        assert distance(a, b) == pytest.approx(distance(b, a), abs=1e-9)
    assert 0 <= l1(a, b) <= 1 and -1 <= ssim(a, b) <= 1 + EXACT


def test_similarity_sees_structure_where_the_signal_to_noise_ratio_sees_none():
    picture = noise(2) // 2 + 60
    brighter = picture + 12
    signs = np.where(np.random.default_rng(3).random(picture.shape) < 0.5, -12, 12)
    noisy = (picture.astype(int) + signs).astype(np.uint8)
    assert psnr(picture, brighter) == pytest.approx(psnr(picture, noisy))
    assert ssim(picture, brighter) > ssim(picture, noisy) + 0.01


def test_a_blurred_picture_is_less_sharp():
    picture = noise(4)
    blurred = ((picture.astype(int) + np.roll(picture, 1, 0) + np.roll(picture, 1, 1)) // 3).astype(np.uint8)
    assert sharpness(blurred, ALL) < 0.7 * sharpness(picture, ALL)
    assert sharpness(plain(80), ALL) == pytest.approx(0, abs=EXACT)
