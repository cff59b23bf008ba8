"""Videos as they come from phones, cameras, cutters and broken downloads."""

import logging
from fractions import Fraction

import av
import numpy as np
import pytest

from src.errors import InputError
from src.media import ffmpeg, video_reader
from src.media.upright import Upright
from src.media.video_reader import VideoReader, open_video

from .clips import make_clip, stamp_of

COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 150, 120]], np.uint8)


@pytest.fixture(scope="module")
def lossless(tmp_path_factory):
    """Ten frames of four upright bars of colour."""
    path = tmp_path_factory.mktemp("bars") / "bars.mkv"
    picture = np.repeat(np.repeat(COLOURS[None], 16, axis=1), 48, axis=0)  # (48, 64, 3)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.pix_fmt, stream.height, stream.width = "bgr0", 48, 64
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def encoders() -> set[str]:
    return {name for name in ("libx265", "libvpx-vp9", "libsvtav1", "prores_ks") if name in av.codecs_available}


@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        ("mp4", "libx265", ["-pix_fmt", "yuv420p10le", "-x265-params", "log-level=none"]),
        ("webm", "libvpx-vp9", ["-pix_fmt", "yuv420p10le"]),
        ("webm", "libvpx-vp9", ["-pix_fmt", "yuva420p"]),
        ("mp4", "libsvtav1", ["-pix_fmt", "yuv420p"]),
        ("mov", "prores_ks", []),
        ("mp4", "libx264", ["-pix_fmt", "yuvj420p", "-color_range", "pc"]),
        ("mp4", "libx264", ["-pix_fmt", "yuv444p"]),
        ("avi", "mjpeg", ["-pix_fmt", "yuvj420p", "-q:v", "2"]),
        ("mpg", "mpeg2video", ["-q:v", "2"]),
    ],
)
def test_every_depth_and_range_shows_the_same_colours(tmp_path, lossless, suffix, codec, options):
    if codec.startswith("lib") and codec != "libx264" and codec not in encoders():
        pytest.skip(f"{codec} is not built in")
    clip = tmp_path / f"clip.{suffix}"
    ffmpeg.run(["-i", str(lossless), "-c:v", codec, *options, str(clip)])
    video = open_video(clip)
    assert (video.fps, video.n_frames, video.size) == (25, 10, (64, 48))
    for frame in video:
        assert np.abs(frame.rgb[24, 8::16].astype(int) - COLOURS).max() < 14


@pytest.mark.parametrize("size", [(333, 517), (64, 51), (65, 48)])
@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "libx264"), ("webm", "libvpx-vp9")])
def test_odd_sizes(tmp_path, size, suffix, codec):
    clip = tmp_path / f"clip.{suffix}"
    picture = ["-f", "lavfi", "-i", f"testsrc=s={size[0]}x{size[1]}:d=0.12:r=25", "-c:v", codec]
    ffmpeg.run([*picture, "-pix_fmt", "yuv444p" if suffix == "mp4" else "yuv420p", str(clip)])
    video = open_video(clip)
    assert (video.size, video.n_frames) == (size, 3)
    assert next(iter(video)).rgb.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("n_frames", [1, 2])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".gif"])
def test_very_short_clips(tmp_path, suffix, n_frames):
    make_clip(tmp_path / "clip.mp4", [Fraction(i, 25) for i in range(n_frames)])
    ffmpeg.run(["-i", str(tmp_path / "clip.mp4"), str(tmp_path / f"short{suffix}")])
    if suffix == ".gif" and n_frames == 1:
        with pytest.raises(InputError, match="is a picture: a video is needed"):
            open_video(tmp_path / "short.gif")
        return
    video = open_video(tmp_path / f"short{suffix}")
    assert (video.fps, video.n_frames, len(list(video))) == (25, n_frames, n_frames)


@pytest.mark.parametrize("options", [[], ["-use_editlist", "0"], ["-movflags", "frag_keyframe+empty_moov"]])
def test_frames_out_of_order(tmp_path, options):
    """B-frames: decoded in another order than shown, with or without an edit list that tells the start."""
    make_clip(tmp_path / "plain.mkv", [Fraction(i, 25) for i in range(20)])
    clip = tmp_path / "clip.mp4"
    ffmpeg.run(["-i", str(tmp_path / "plain.mkv"), "-bf", "3", "-b_strategy", "0", *options, str(clip)])
    video = open_video(clip)
    assert (video.fps, video.n_frames) == (25, 20)
    assert [stamp_of(frame.rgb) for frame in video] == list(range(20))


@pytest.mark.parametrize(("suffix", "offset"), [(".mp4", -0.2), (".mp4", 1.5), (".ts", -0.2), (".mkv", 1.5)])
def test_clips_that_begin_before_or_after_zero(tmp_path, suffix, offset):
    make_clip(tmp_path / "plain.mp4", [Fraction(i, 25) for i in range(15)])
    clip = tmp_path / f"clip{suffix}"
    kept = ["-avoid_negative_ts", "disabled"]
    ffmpeg.run(["-itsoffset", str(offset), "-i", str(tmp_path / "plain.mp4"), "-c", "copy", *kept, str(clip)])
    shown = [stamp_of(frame.rgb) for frame in open_video(clip)]
    # MP4 cannot show what lies before zero: such frames are cut off, and so every player has it
    assert shown == list(range(5 if suffix == ".mp4" and offset < 0 else 0, 15))


def test_a_clip_that_was_cut_without_encoding(tmp_path):
    """The file holds frames from the key frame on, and an edit list that hides those before the cut."""
    make_clip(tmp_path / "plain.mp4", [Fraction(i, 25) for i in range(40)])
    ffmpeg.run(["-i", str(tmp_path / "plain.mp4"), "-g", "12", "-bf", "2", str(tmp_path / "keys.mp4")])
    ffmpeg.run(["-ss", "0.8", "-i", str(tmp_path / "keys.mp4"), "-c", "copy", str(tmp_path / "clip.mp4")])
    video = open_video(tmp_path / "clip.mp4")
    assert [stamp_of(frame.rgb) for frame in video] == list(range(20, 40))
    assert (video.fps, video.n_frames) == (25, 20)


def test_interlaced_clips_are_told_of(tmp_path, caplog):
    clip = tmp_path / "clip.mp4"
    weave = ["-vf", "tinterlace=4", "-flags", "+ilme+ildct", "-pix_fmt", "yuv420p"]
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc2=s=64x48:d=0.4", *weave, str(clip)])
    with caplog.at_level(logging.WARNING):
        assert open_video(clip).n_frames == 5
    assert "clip.mp4' is interlaced" in caplog.text


def test_a_clip_that_changes_its_size(tmp_path):
    """Some recorders change the size when the phone is turned: the first size stays."""
    for name, size in (("a", "64x48"), ("b", "128x96")):
        ffmpeg.run(
            ["-f", "lavfi", "-i", f"color=red:s={size}:d=0.2", "-pix_fmt", "yuv420p", str(tmp_path / f"{name}.ts")]
        )
    (tmp_path / "both.ts").write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    assert {frame.rgb.shape for frame in open_video(tmp_path / "both.ts")} == {(48, 64, 3)}


def joined(folder, codec, *sizes):
    """A transport stream whose frames change their size."""
    for size in sizes:
        red = ["-f", "lavfi", "-i", f"color=red:s={size}:d=0.2", "-c:v", codec, "-pix_fmt", "yuv420p"]
        ffmpeg.run([*red, str(folder / f"{size}.ts")])
    both = folder / "both.ts"
    both.write_bytes(b"".join((folder / f"{size}.ts").read_bytes() for size in sizes))
    return both


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_frames_that_grow_beyond_measure_are_passed_over(tmp_path, caplog, monkeypatch, codec):
    """The first frame alone is judged beforehand: those behind it must not take a thousand times its memory."""
    clip = joined(tmp_path, codec, "64x64", "2560x1440")
    decoded = []
    monkeypatch.setattr(Upright, "rgb", lambda _, frame: decoded.append(frame.width) or np.zeros((64, 64, 3), np.uint8))
    with caplog.at_level(logging.WARNING):
        assert len(list(open_video(clip))) >= 3  # a decoder holds some back until the next one comes
    assert set(decoded) == {64} and "its frames grow" in caplog.text


@pytest.mark.parametrize("sizes", [("320x180", "1280x720"), ("320x180", "1920x1080"), ("2560x1440", "3840x2160")])
def test_calls_and_recorders_may_begin_small(tmp_path, monkeypatch, sizes):
    decoded = set()
    monkeypatch.setattr(Upright, "rgb", lambda _, frame: decoded.add(f"{frame.width}x{frame.height}"))
    list(open_video(joined(tmp_path, "mpeg2video", *sizes)))
    assert decoded == set(sizes)


@pytest.mark.parametrize(
    ("first", "most"),
    [(1, 2048 * 1152), (2048 * 1152, 4 * 2048 * 1152), (4096 * 4096, 4096 * 4096 * 5 // 4), (10**8, 125_000_000)],
)
def test_how_far_frames_may_grow(first, most):
    assert video_reader._most_pixels(first) == most


def test_a_first_frame_of_too_many_pixels(tmp_path):
    make_clip(tmp_path / "clip.mp4", [Fraction(i, 25) for i in range(3)])
    assert VideoReader(tmp_path / "clip.mp4", max_pixels=10**6).n_frames == 3
    with pytest.raises(InputError, match="no frame that can be decoded"):
        VideoReader(tmp_path / "clip.mp4", max_pixels=1000)


@pytest.mark.parametrize(
    ("cut", "said"),
    [
        (lambda data: b"", "is empty"),
        (lambda data: data[:40], "is damaged"),
        (lambda data: data[: data.index(b"moov") - 4], "is damaged"),
        (lambda data: data[: data.index(b"moov") + 60], "is damaged"),
        (lambda data: data[: data.index(b"moov") + 400], "holds no frames"),
    ],
)
def test_downloads_that_broke_off(tmp_path, cut, said):
    """Without its index, which comes last, an MP4 cannot be read."""
    make_clip(tmp_path / "whole.mp4", [Fraction(i, 25) for i in range(5)])
    (tmp_path / "cut.mp4").write_bytes(cut((tmp_path / "whole.mp4").read_bytes()))
    with pytest.raises(InputError, match=rf"cut\.mp4' {said}"):
        open_video(tmp_path / "cut.mp4")
