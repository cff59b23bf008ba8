from fractions import Fraction

import numpy as np
import pytest

from src.errors import InputError
from src.pipeline.clip import open_clip
from tests.media.clips import stamp_of, stamped

from .conftest import LEVELS
from .scenes import clip_of, grey, make_video


@pytest.fixture
def opened(inbox):
    return lambda value: open_clip(inbox.take(value, "driving"))


def levels(clip):
    return [round(float(frame.mean())) for frame in clip]


@pytest.mark.parametrize("name", ["d.mp4", "d.gif"])
def test_video(media, opened, name):
    clip = opened(media / name)
    assert (clip.is_video, clip.fps, clip.size, clip.n_frames) == (True, 25, (128, 128), 10)
    assert levels(clip) == pytest.approx(LEVELS, abs=2)
    assert clip.path == media / name and clip.label == f"'{media / name}'"


def test_every_pass_starts_anew(media, opened):
    clip = opened(media / "d.mp4")
    begun = iter(clip)
    next(begun)
    assert levels(clip) == levels(clip) and len(levels(clip)) == 10
    assert len(list(begun)) == 9


def test_picture(media, opened):
    clip = opened(media / "d.png")
    assert (clip.is_video, clip.size, clip.n_frames, levels(clip)) == (False, (128, 128), 1, [150])
    assert clip.path == media / "d.png"


@pytest.mark.parametrize(("width", "height", "square"), [(64, 64, True), (96, 64, False), (64, 96, False)])
def test_square(tmp_path, opened, width, height, square):
    make_video(tmp_path / "v.mp4", [50], Fraction(24000, 1001), width=width, height=height)
    clip = opened(tmp_path / "v.mp4")
    assert clip.is_square is square and clip.size == (width, height) and clip.fps == Fraction(24000, 1001)


def test_folder_of_pictures(media, tmp_path, opened):
    for number in (1, 2, 10):
        (tmp_path / f"f{number}.png").write_bytes((media / "d.png").read_bytes())
    clip = opened(tmp_path)
    assert (clip.is_video, clip.fps, clip.n_frames) == (True, 25, 3)


def test_in_memory(opened):
    frames = np.stack([grey(level, 40, 30) for level in (10, 20, 30)])
    clip = opened(frames)
    assert (clip.is_video, clip.fps, clip.size, clip.n_frames, clip.path) == (True, 25, (40, 30), 3, None)
    assert levels(clip) == levels(clip) == [10, 20, 30]
    still = opened(frames[0])
    assert (still.is_video, still.size, still.n_frames, levels(still)) == (False, (40, 30), 1, [10])
    assert opened(frames[:1]).is_video  # one frame of a clip is not a picture


def test_damaged(media, tmp_path, opened):
    (tmp_path / "cut.mp4").write_bytes((media / "d.mp4").read_bytes()[:600])
    with pytest.raises(InputError, match=r"cut\.mp4"):
        opened(tmp_path / "cut.mp4")


def numbers(frames):
    return [stamp_of(frame) for frame in frames]


def test_frames_by_their_numbers():
    clip = clip_of([stamped(number) for number in range(6)])
    assert numbers(clip.at([0, 0, 2, 5, 5, 9])) == [0, 0, 2, 5, 5, 5]
    assert numbers(clip.at([3])) == [3] and numbers(clip.at([])) == []


def test_the_first_frames():
    decoded = []

    def start():
        for number in range(6):
            decoded.append(number)
            yield stamped(number)

    whole = clip_of([stamped(0)] * 6)
    clip = type(whole)(**{**vars(whole), "start": start}).first(2)
    assert clip.n_frames == 2 and numbers(clip) == numbers(clip) == [0, 1]
    assert decoded == [0, 1, 0, 1]  # what follows is not even decoded
    assert whole.first(9).n_frames == 6 and len(list(whole.first(9))) == 6


def test_limited():
    clip = clip_of([grey(90, 101, 61)] * 2)
    for limits, size in (((0, 1), (101, 61)), ((0, 2), (100, 60)), ((50, 2), (50, 30)), ((0, 16), (96, 48))):
        limited = clip.limited(*limits)
        assert limited.size == size and [frame.shape for frame in limited] == [(size[1], size[0], 3)] * 2
    assert clip.limited(50, 2).first(1).size == (50, 30)


@pytest.mark.parametrize(
    ("max_dim", "division", "zoom"), [(0, 2, 1.0), (400, 2, 1.0), (200, 2, 1.0), (100, 2, 0.5), (50, 16, 0.25)]
)
def test_zoom(max_dim, division, zoom):
    clip = clip_of([grey(90, 200, 100)])
    assert clip.zoom == 1.0 and clip.limited(max_dim, division).zoom == zoom


def test_zoom_of_a_clip_that_is_limited_again_or_cut():
    clip = clip_of([grey(90, 201, 101)] * 3).limited(0, 2).limited(100, 2)
    assert clip.size == (100, 50) and clip.zoom == 0.5
    assert clip.limited(50, 2).zoom == clip.limited(50, 2).first(1).zoom == 0.25


@pytest.mark.parametrize("size", [(201, 101), (333, 500), (640, 480)])
def test_zoom_says_where_a_point_of_the_file_lies(size):
    width, height = size
    rgb = grey(0, width, height)
    x, y = round(0.6 * width), round(0.3 * height)
    rgb[y - 8 : y + 8, x - 8 : x + 8] = 255
    clip = clip_of([rgb]).limited(120, 2)
    (frame,) = clip
    rows, columns = np.nonzero(frame[..., 0] > 100)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((x * clip.zoom, y * clip.zoom), abs=0.8)
