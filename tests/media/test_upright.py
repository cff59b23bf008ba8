from fractions import Fraction

import av
import numpy as np
import pytest

from src.media import ffmpeg
from src.media.upright import Upright
from src.media.video_reader import open_video

from .clips import make_clip

TURNS = {
    ("-display_rotation", "90"): lambda rgb: np.rot90(rgb, 1),
    ("-display_rotation", "180"): lambda rgb: np.rot90(rgb, 2),
    ("-display_rotation", "-90"): lambda rgb: np.rot90(rgb, 3),
    ("-display_hflip",): lambda rgb: rgb[:, ::-1],
    ("-display_vflip",): lambda rgb: rgb[::-1],
    ("-display_rotation", "90", "-display_hflip"): None,
    ("-display_rotation", "90", "-display_vflip"): None,
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    make_clip(path, [0, Fraction(1, 25)])
    return path


@pytest.mark.parametrize("options", TURNS, ids=" ".join)
def test_what_a_phone_asks_for(tmp_path, plain, options):
    turned = tmp_path / "turned.mp4"
    ffmpeg.run([*options, "-i", str(plain), "-c", "copy", str(turned)])
    video = open_video(turned)
    frames = [frame.rgb for frame in video]
    assert video.size == (frames[0].shape[1], frames[0].shape[0])
    assert all(frame.flags.c_contiguous for frame in frames)
    if TURNS[options]:
        assert all(np.array_equal(new.rgb, TURNS[options](old.rgb)) for new, old in zip(video, open_video(plain)))  # noqa: B905
    # and as the ffmpeg program shows it
    ffmpeg.run(["-i", str(turned), "-c:v", "ffv1", "-pix_fmt", "bgr0", str(tmp_path / "shown.mkv")])
    assert np.array_equal(frames[0], next(iter(open_video(tmp_path / "shown.mkv"))).rgb)


@pytest.mark.parametrize(
    ("size", "aspect", "turned", "shown"),
    [
        ("64x48", "2/1", (), (128, 48)),
        ("64x48", "1/2", (), (64, 96)),
        ("720x480", "8/9", (), (720, 540)),
        ("720x576", "64/45", (), (1024, 576)),
        ("64x48", "2/1", ("-display_rotation", "90"), (48, 128)),
        ("64x48", "100/101", (), (64, 48)),  # as good as square
        ("64x48", "50/1", (), (64, 48)),  # a slip
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_pixels_become_square(tmp_path, size, aspect, turned, shown, suffix):
    oblong, clip = tmp_path / f"oblong{suffix}", tmp_path / "clip.mp4"
    picture = ["-f", "lavfi", "-i", f"color=red:s={size}:d=0.1", "-vf", f"setsar={aspect}"]
    ffmpeg.run([*picture, "-pix_fmt", "yuv420p", str(oblong)])
    if turned:
        ffmpeg.run([*turned, "-i", str(oblong), "-c", "copy", str(clip)])
    video = open_video(clip if turned else oblong)
    assert video.size == shown
    assert next(iter(video)).rgb.shape == (shown[1], shown[0], 3)


def test_a_circle_is_round():
    """The left half is white: it stays the left half when the pixels are stretched."""
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, :32] = 255
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    shown = Upright.of(frame, Fraction(3, 2)).rgb(frame)
    assert shown.shape == (48, 96, 3)
    assert shown[:, :47].min() > 200 and shown[:, 49:].max() < 50


def test_nothing_asked_for():
    rgb = np.random.default_rng(0).integers(0, 256, (51, 33, 3), dtype=np.uint8)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    for aspect in (None, Fraction(0), Fraction(1)):
        assert np.array_equal(Upright.of(frame, aspect).rgb(frame), rgb)
