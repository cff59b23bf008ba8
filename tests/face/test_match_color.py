import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.face.match_color import match_color
from src.face.paste_back import PasteBack

FRAME = 700  # side of the test frames; the crop is cut out one to one
AT = 94


def _frame(seed=0):
    """Something like a picture: smooth colours, some detail."""
    rng = np.random.default_rng(seed)
    rough = cv2.resize(
        rng.uniform(40, 200, (9, 9, 3)).astype(np.float32), (FRAME, FRAME), interpolation=cv2.INTER_CUBIC
    )
    return np.clip(rough + rng.normal(0, 6, (FRAME, FRAME, 3)), 0, 255).astype(np.uint8)


def _cut(frame):
    return frame[AT : AT + 512, AT : AT + 512].copy()


def _tinted(crop):
    return np.clip(crop * np.float32([1.06, 1.0, 0.94]) + 6, 0, 255).astype(np.uint8)


def _steps(frame):
    """Low-passed colours just inside minus just outside of the crop's edge, (K, 3)."""
    smooth = cv2.GaussianBlur(frame.astype(np.float32), (0, 0), 6)
    along = np.arange(AT + 32, AT + 480)
    outer, inner = (AT - 12, AT + 523), (AT + 24, AT + 487)
    across = [smooth[i, along] - smooth[o, along] for i, o in zip(inner, outer, strict=True)]
    return np.concatenate(across + [smooth[along, i] - smooth[along, o] for i, o in zip(inner, outer, strict=True)])


def _seam(crop, frame):
    """Mean colour step that pasting the crop brings to the frame, in levels."""
    place = PasteBack(np.array([[1, 0, AT], [0, 1, AT], [0, 0, 1]], np.float32), (FRAME, FRAME))
    return np.abs(_steps(place.paste(crop, frame)) - _steps(frame)).mean()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [256, 512, 1024])
def test_seam_of_a_tinted_crop_nearly_vanishes(seed, size):
    frame = _frame(seed)
    source = _cut(frame)
    tinted = cv2.resize(_tinted(source), (size, size), interpolation=cv2.INTER_AREA)
    matched = match_color(tinted, source)
    assert (matched.shape, matched.dtype) == ((size, size, 3), np.uint8)
    assert _seam(tinted, frame) > 5
    assert _seam(matched, frame) < 0.1 * _seam(tinted, frame)


def test_colours_of_the_middle_are_mended_too():
    source = _cut(_frame())
    middle = np.s_[200:300, 200:300]
    before = np.abs(_tinted(source)[middle].astype(int) - source[middle]).mean()
    after = np.abs(match_color(_tinted(source), source)[middle].astype(int) - source[middle]).mean()
    assert after < 0.5 * before


def test_crop_without_tint_is_left_alone():
    source = _cut(_frame())
    np.testing.assert_array_equal(match_color(source, source), source)


def test_moving_face_is_left_alone():
    source = _cut(_frame())
    crop = source.copy()
    crop[100:400, 100:400] = np.roll(crop[100:400, 100:400], 40, axis=1)
    np.testing.assert_array_equal(match_color(crop, source), crop)


@pytest.mark.parametrize("tint", [0, 8])
def test_what_moved_over_the_border_lends_no_colour(tint):
    source = _cut(_frame())
    crop = np.clip(source.astype(int) + tint, 0, 255).astype(np.uint8)
    crop[300:, :170] = (250, 20, 20)  # a shoulder
    off = match_color(crop, source)[:, 200:].astype(int) - source[:, 200:]
    assert np.abs(off.mean()) < 0.5
    assert np.abs(off).max() <= 3


def test_detail_stays():
    source = _cut(_frame())
    tinted = _tinted(source)
    added = cv2.GaussianBlur(match_color(tinted, source).astype(np.float32) - tinted, (0, 0), 2)
    assert np.abs(cv2.Laplacian(added, cv2.CV_32F)).max() < 0.5


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 90), st.integers(1, 90), st.tuples(*[st.integers(0, 255)] * 3), st.integers(0, 255))
def test_plain_crops_of_any_sizes_become_equal(n, m, color, grey):
    crop, source = np.full((n, n, 3), grey, np.uint8), np.full((m, m, 3), color, np.uint8)
    np.testing.assert_array_equal(match_color(crop, source), np.full((n, n, 3), color, np.uint8))
    assert (crop == grey).all()


def test_it_is_quick():
    """On the path of every frame: below 2 ms; the bound is loose because machines are busy."""
    source = _cut(_frame())
    tinted, times = _tinted(source), []
    for _ in range(15):
        start = time.perf_counter()
        match_color(tinted, source)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.015
