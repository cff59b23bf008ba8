import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import InputError
from src.face.cuts import CutFinder

from .fakes import frame
from .pictures import read

SIZE = (320, 240)
NAMES = ("s0.jpg", "s1.jpg", "s9.jpg", "s10.jpg", "grace_hopper.jpg", "cat.jpg")


def _scene(name):
    return cv2.resize(read(name), SIZE, interpolation=cv2.INTER_AREA)


def _cuts(frames):
    finder = CutFinder()
    return [i for i, picture in enumerate(frames) if finder.feed(picture)]


def _moved(picture, x, y=0.0, zoom=1.0):
    """Shifted by parts of the width and height."""
    width, height = SIZE
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0, zoom)
    matrix[:, 2] += x * width, y * height
    return cv2.warpAffine(picture, matrix, SIZE, borderMode=cv2.BORDER_REFLECT)


def _lit(picture, gain, offset=0.0):
    return np.clip(picture * float(gain) + offset, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("first", NAMES)
@pytest.mark.parametrize("second", NAMES)
def test_every_change_of_scene_is_a_cut(first, second):
    if first != second:
        assert _cuts([_scene(first)] * 2 + [_scene(second)] * 2) == [2]


@pytest.mark.parametrize("sides", [(40, 40, 0, 0), (0, 0, 90, 90), (0, 60, 0, 0), (30, 30, 40, 40)])
def test_bars_do_not_matter(sides):
    frames = [
        cv2.copyMakeBorder(_moved(_scene(name), 0.03 * i), *sides, cv2.BORDER_CONSTANT)
        for name in NAMES
        for i in range(3)
    ]
    assert _cuts(frames) == [3, 6, 9, 12, 15]


def test_short_shots_are_found():
    frames = [_moved(_scene(name), 0.01 * i) for name in NAMES for i in range(3)]
    assert _cuts(frames) == [3, 6, 9, 12, 15]


@pytest.mark.parametrize("name", NAMES)
def test_a_shot_that_moves_has_no_cut(name):
    picture = _scene(name)
    assert _cuts([_moved(picture, 0.04 * np.sin(i), 0.03 * np.cos(1.3 * i), 1 + 0.01 * i) for i in range(20)]) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_shot_that_shakes_more_and_more_has_no_cut(name):
    """In the end by a fifth of the width in every frame, where a calm shot would be taken to end."""
    picture = _scene(name)
    shaking = [_moved(picture, 0.1 * i / 24 * (-1) ** i) for i in range(24)]
    assert _cuts(shaking) == []
    assert _cuts([shaking[-2], shaking[-1]]) == [1]


@pytest.mark.parametrize("name", NAMES)
def test_a_head_that_jumps_is_no_cut(name):
    """A ninth of the picture's width in one frame, before a background that stays."""
    width, height = SIZE
    head = cv2.resize(_scene(name), (width // 4, height // 3))
    frames = []
    for x in (20, 22, 58, 20, 56, 92):
        background = _scene("s9.jpg" if name != "s9.jpg" else "s0.jpg")
        background[60 : 60 + len(head), x : x + head.shape[1]] = head
        frames.append(background)
    assert _cuts(frames) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flash", [(1.5, 10), (2, 20), (0.4, 0)])
def test_flashes_are_no_cuts(name, flash):
    picture = _scene(name)
    assert _cuts([picture, picture, _lit(picture, *flash), picture, picture]) == []


@pytest.mark.parametrize("name", NAMES)
def test_fades_and_dissolves_are_no_cuts(name):
    picture, other = _scene(name), _scene("s0.jpg" if name != "s0.jpg" else "s10.jpg")
    fade = np.abs(np.linspace(-1, 1, 21))
    assert _cuts([_lit(picture, t) for t in fade]) == []  # to black and back
    assert _cuts([_lit(picture, t, 255 * (1 - t)) for t in fade]) == []  # to white and back
    assert _cuts([cv2.addWeighted(picture, 1 - t, other, t, 0) for t in np.linspace(0, 1, 15)]) == []


@pytest.mark.parametrize("level", [0, 255])
def test_a_frame_that_shows_nothing_is_passed_over(level):
    nothing = np.full((*SIZE[::-1], 3), level, np.uint8)
    one, other = _scene("s9.jpg"), _scene("s0.jpg")
    assert _cuts([one, nothing, nothing, one]) == []
    assert _cuts([one, nothing, nothing, other, other]) == [3]
    assert _cuts([nothing, one, one]) == []


def test_noise_is_no_cut():
    rng = np.random.default_rng(0)
    picture = _scene("s1.jpg").astype(np.float32)
    assert _cuts([_lit(picture + rng.normal(0, 25, picture.shape), 1) for _ in range(8)]) == []


@given(st.integers(1, 400), st.integers(1, 400))
def test_frames_of_any_size_are_taken(width, height):
    picture = cv2.resize(_scene("s9.jpg"), (width, height))
    assert _cuts([picture, picture]) == []


def test_frames_without_contrast_have_no_cut():
    assert _cuts([frame(i) for i in range(0, 250, 50)]) == []


@pytest.mark.parametrize("bad", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32)])
def test_what_is_not_a_picture_is_an_error(bad):
    with pytest.raises(InputError, match="uint8"):
        CutFinder().feed(bad)
