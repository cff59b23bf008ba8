"""A small GIF of a video."""

import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from src.errors import InputError
from src.media import ffmpeg
from src.media.gif import write_gif
from src.media.sound import has_audio
from src.media.video_writer import VideoWriter

from .clips import make_tone

LEVELS = [40, 90, 140, 190]


def make_video(path, levels=LEVELS, fps=30, size=(160, 120)):
    width, height = size
    with VideoWriter(path, fps, crf=5) as writer:
        for level in levels:
            writer.write(np.full((height, width, 3), level, np.uint8))
    return path


def shown(path):
    """Size, time of every frame in seconds, and its grey level in the middle."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        times = [float(frame.pts * frame.time_base) for frame in frames]
        levels = [float(frame.to_ndarray(format="rgb24")[50:60, 100:140].mean()) for frame in frames]
        return (frames[0].width, frames[0].height), times, levels


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("gif") / "v.mp4")


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Temporary files go to a folder that is empty but for them."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_width_frames_and_colours(video, tmp_path):
    write_gif(video, tmp_path / "g.gif")
    size, _, levels = shown(tmp_path / "g.gif")
    assert size == (256, 192) and levels == pytest.approx(LEVELS, abs=4)
    assert (tmp_path / "g.gif").read_bytes().startswith(b"GIF89a")


@pytest.mark.parametrize(("fps", "n", "expected"), [(30, 12, 12), (25, 10, 12), (Fraction(60), 12, 6), (15, 4, 8)])
def test_thirty_frames_a_second(tmp_path, fps, n, expected):
    """A GIF counts in hundredths of a second, so that single frames last 0.03 or 0.04."""
    write_gif(make_video(tmp_path / "v.mp4", [100 + 8 * (k % 12) for k in range(n)], fps), tmp_path / "g.gif")
    _, times, _ = shown(tmp_path / "g.gif")
    assert abs(len(times) - expected) <= 1
    assert np.diff(times) == pytest.approx(1 / 30, abs=0.0101)
    assert times[-1] == pytest.approx((expected - 1) / 30, abs=0.04)


@pytest.mark.parametrize(("size", "expected"), [((64, 128), (256, 512)), ((640, 360), (256, 144)), ((600, 2), None)])
def test_the_shape_stays(tmp_path, size, expected):
    write_gif(make_video(tmp_path / "v.mp4", size=size), tmp_path / "g.gif")
    with av.open(str(tmp_path / "g.gif")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (expected or (256, 1))


def test_sound_does_no_harm(tmp_path):
    make_tone(tmp_path / "tone.m4a", 0.5)
    with VideoWriter(tmp_path / "v.mp4", 30, crf=5, audio_from=tmp_path / "tone.m4a") as writer:
        for level in LEVELS:
            writer.write(np.full((120, 160, 3), level, np.uint8))
    assert has_audio(tmp_path / "v.mp4")
    write_gif(tmp_path / "v.mp4", tmp_path / "g.gif")
    assert shown(tmp_path / "g.gif")[2] == pytest.approx(LEVELS, abs=4)


@pytest.mark.parametrize("fps", [1, 25, 30])
def test_a_video_of_one_frame(tmp_path, fps):
    write_gif(make_video(tmp_path / "v.mp4", [90], fps), tmp_path / "g.gif")
    levels = shown(tmp_path / "g.gif")[2]
    assert len(levels) >= 1 and levels == pytest.approx([90] * len(levels), abs=4)


def test_nothing_is_left_behind(video, tmp_path, temporary):
    (tmp_path / "out").mkdir()
    write_gif(video, tmp_path / "out/g.gif")
    assert files_in(tmp_path / "out") == ["g.gif"] and files_in(temporary) == []


def test_the_folder_is_made(video, tmp_path):
    write_gif(video, tmp_path / "new/deep/g.gif")
    assert files_in(tmp_path / "new") == ["g.gif"]


@pytest.mark.parametrize(
    "name", ["with space", "a'b\"c", "-dash", "per%cent%03d", "co:lon", "semi;[x],=", "ünï 例", "a\\b", "new\nline"]
)
def test_odd_names(video, tmp_path, monkeypatch, name):
    folder = tmp_path / f"{name} in"
    folder.mkdir()
    (folder / f"{name}.mp4").write_bytes(video.read_bytes())
    monkeypatch.chdir(folder)
    write_gif(Path(f"{name}.mp4"), Path(f"{name}.gif"))
    assert files_in(folder) == sorted([f"{name}.mp4", f"{name}.gif"])
    assert Path(f"{name}.gif").read_bytes().startswith(b"GIF89a")


def test_an_older_gif_is_replaced(video, tmp_path):
    (tmp_path / "g.gif").write_bytes(b"old")
    write_gif(video, tmp_path / "g.gif")
    assert (tmp_path / "g.gif").read_bytes().startswith(b"GIF89a")


def test_a_video_that_cannot_be_read(tmp_path, temporary):
    (tmp_path / "v.mp4").write_bytes(b"no video")
    (tmp_path / "g.gif").write_bytes(b"old")
    with pytest.raises(ffmpeg.FfmpegError, match="ffmpeg failed"):
        write_gif(tmp_path / "v.mp4", tmp_path / "g.gif")
    assert files_in(tmp_path) == ["g.gif", "v.mp4"] and (tmp_path / "g.gif").read_bytes() == b"old"


def test_a_failure_half_way_leaves_nothing(video, tmp_path, temporary, monkeypatch):
    """The second pass has begun to write when it fails."""
    run = ffmpeg.run

    def failing(arguments):
        run(arguments)
        if "gif" in arguments:
            raise ffmpeg.FfmpegError("ffmpeg failed: no space left on device")

    monkeypatch.setattr(ffmpeg, "run", failing)
    (tmp_path / "out").mkdir()
    with pytest.raises(ffmpeg.FfmpegError, match="no space left"):
        write_gif(video, tmp_path / "out/g.gif")
    assert files_in(tmp_path / "out") == [] and files_in(temporary) == []


def test_a_folder_is_no_file(video, tmp_path):
    (tmp_path / "g.gif").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        write_gif(video, tmp_path / "g.gif")
