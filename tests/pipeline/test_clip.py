from fractions import Fraction

import pytest

from src.errors import InputError, MissingFileError
from src.pipeline.clip import open_clip

from .conftest import LEVELS
from .fakes import make_video


def levels(clip):
    return [round(float(frame.mean())) for frame in clip]


@pytest.mark.parametrize("name", ["d.mp4", "d.gif"])
def test_video(media, name):
    clip = open_clip(media / name)
    assert (clip.is_video, clip.fps, clip.size, clip.n_frames) == (True, 25, (128, 128), 10)
    assert levels(clip) == pytest.approx(LEVELS, abs=2)


def test_every_pass_starts_anew(media):
    clip = open_clip(media / "d.mp4")
    begun = iter(clip)
    next(begun)
    assert levels(clip) == levels(clip) and len(levels(clip)) == 10
    assert len(list(begun)) == 9


def test_picture(media):
    clip = open_clip(media / "d.png")
    assert (clip.is_video, clip.size, clip.n_frames, levels(clip)) == (False, (128, 128), 1, [150])


@pytest.mark.parametrize(("width", "height", "square"), [(64, 64, True), (96, 64, False), (64, 96, False)])
def test_square(tmp_path, width, height, square):
    make_video(tmp_path / "v.mp4", [50], Fraction(24000, 1001), width=width, height=height)
    clip = open_clip(tmp_path / "v.mp4")
    assert clip.is_square is square and clip.size == (width, height) and clip.fps == Fraction(24000, 1001)


def test_folder_of_pictures(media, tmp_path):
    for number in (1, 2, 10):
        (tmp_path / f"f{number}.png").write_bytes((media / "d.png").read_bytes())
    clip = open_clip(tmp_path)
    assert (clip.is_video, clip.fps, clip.n_frames) == (True, 25, 3)


def test_refused(media, tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.mp4"):
        open_clip(media / "none.mp4")
    with pytest.raises(InputError, match="motion template: a video is needed"):
        open_clip(media / "d.safetensors")
    (tmp_path / "cut.mp4").write_bytes((media / "d.mp4").read_bytes()[:600])
    with pytest.raises(InputError, match=r"cut\.mp4"):
        open_clip(tmp_path / "cut.mp4")
