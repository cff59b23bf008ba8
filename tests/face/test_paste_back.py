import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.face.mask import mask_template
from src.face.paste_back import PasteBack

from .goldens import assert_close, assert_picture, load


def _reference(crop512, M_c2o, frame, edge=16):
    """The formula over the whole frame."""
    size = frame.shape[1], frame.shape[0]
    mask = cv2.warpAffine(np.repeat(mask_template(edge)[..., None], 3, 2), M_c2o[:2], size).astype(np.float32) / 255
    warped = cv2.warpAffine(crop512, M_c2o[:2], size)
    return np.clip(mask * warped + (1 - mask) * frame, 0, 255).astype(np.uint8)


def _placement(scale, turn, x, y):
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    return np.array([[c, -s, x], [s, c, y], [0, 0, 1]], np.float32)


@pytest.mark.parametrize("j", range(3))
def test_paste_matches_the_golden_one(j):
    golden = load("pasteback")
    frame, M_c2o = golden[f"pb{j}_ori"], golden[f"pb{j}_M_c2o"]
    crop = golden[f"pb{j}_crop"].repeat(4, 0).repeat(4, 1)
    step = 3 if j == 2 else 1
    place = PasteBack(M_c2o, frame.shape[:2])
    assert_close(place.mask()[::step, ::step], golden[f"pb{j}_mask"], "mask")
    assert_picture(place.paste(crop, frame)[::step, ::step], golden[f"pb{j}_out"])
    assert place.mask().dtype == np.float32


@settings(deadline=None, max_examples=60)
@given(
    st.floats(0.05, 3),
    st.floats(-3.2, 3.2),
    st.floats(-900, 700),
    st.floats(-900, 700),
    st.integers(1, 700),
    st.integers(1, 500),
    st.integers(0, 2**32 - 1),
)
def test_paste_is_the_blend_of_the_whole_frame(scale, turn, x, y, width, height, seed):
    rng = np.random.default_rng(seed)
    crop = rng.integers(0, 256, (512, 512, 3), np.uint8)
    frame = rng.integers(0, 256, (height, width, 3), np.uint8)
    M_c2o = _placement(scale, turn, x, y)
    before = frame.copy()
    np.testing.assert_array_equal(PasteBack(M_c2o, (height, width)).paste(crop, frame), _reference(crop, M_c2o, frame))
    np.testing.assert_array_equal(frame, before)


@pytest.mark.parametrize("edge", [1, 16, 90, 200])
def test_edge_may_be_softer(edge):
    rng = np.random.default_rng(edge)
    crop, frame = (rng.integers(0, 256, (n, n, 3), np.uint8) for n in (512, 400))
    M_c2o = _placement(0.6, 0.2, 90, 20)
    pasted = PasteBack(M_c2o, (400, 400), edge=edge).paste(crop, frame)
    np.testing.assert_array_equal(pasted, _reference(crop, M_c2o, frame, edge))


def test_edge_of_no_sense_is_an_error():
    with pytest.raises(InputError, match="got 0"):
        PasteBack(_placement(0.6, 0, 0, 0), (40, 50), edge=0)


@pytest.mark.parametrize("size", [128, 256, 1024])
def test_crop_of_another_size_lands_at_the_same_place(size):
    ramp = np.linspace(0, 255, 1024, dtype=np.float32)
    large = np.stack([np.tile(ramp, (1024, 1)), np.tile(ramp[:, None], (1, 1024)), np.full((1024, 1024), 90.0)], 2)
    crop512, crop = (cv2.resize(large, (n, n), interpolation=cv2.INTER_AREA).astype(np.uint8) for n in (512, size))
    frame = np.full((300, 400, 3), 90, np.uint8)
    place = PasteBack(_placement(0.4, 0.3, 120, 20), frame.shape[:2])
    difference = np.abs(place.paste(crop, frame).astype(int) - place.paste(crop512, frame))
    assert difference.mean() < 0.1
    assert difference.max() <= 8  # at the crop's border, where the mask is nearly 0


def test_square_outside_the_frame_changes_nothing():
    frame = np.full((40, 50, 3), 7, np.uint8)
    place = PasteBack(_placement(0.1, 0, 500, 500), (40, 50))
    np.testing.assert_array_equal(place.paste(np.zeros((512, 512, 3), np.uint8), frame), frame)
    assert not place.mask().any()


def test_frame_of_another_size_is_an_error():
    place = PasteBack(_placement(0.1, 0, 0, 0), (40, 50))
    with pytest.raises(InputError, match="50x40"):
        place.paste(np.zeros((512, 512, 3), np.uint8), np.zeros((50, 40, 3), np.uint8))


def test_paste_is_quick():
    """On the path of every frame; the bound is loose because machines are busy."""
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (512, 512, 3), np.uint8)
    frame = rng.integers(0, 256, (1280, 1280, 3), np.uint8)
    place = PasteBack(_placement(1.7, 0.1, 150, 100), (1280, 1280))
    assert _least_seconds(lambda: place.paste(crop, frame)) < 0.05


def test_preparation_is_quick():
    """Once a frame for a source video: about 3 ms at this size."""
    assert _least_seconds(lambda: PasteBack(_placement(1.2, 0.1, 300, 50), (720, 1280))) < 0.02


def _least_seconds(work):
    times = []
    for _ in range(15):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
