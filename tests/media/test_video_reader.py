import logging
import subprocess
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from src.errors import InputError, MissingFileError
from src.media import ffmpeg
from src.media.picture import write_picture
from src.media.video_reader import open_video

from .clips import make_clip, make_tone, stamp_of, stamped

RATES = [Fraction(24000, 1001), 24, 25, Fraction(30000, 1001), 30, 50, Fraction(60000, 1001)]
UNEVEN = [Fraction(ms, 1000) for ms in (0, 33, 67, 180, 200, 233, 500, 533, 567, 600, 900, 940)]


def stamps(path) -> list[int]:
    return [stamp_of(frame.rgb) for frame in open_video(path)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("rate", RATES)
def test_a_constant_rate_is_exact_and_every_frame_comes_once(tmp_path, rate, suffix):
    rate = Fraction(rate)
    clip = tmp_path / f"clip{suffix}"
    make_clip(clip, [i / rate for i in range(40)], rate)
    video = open_video(clip)
    assert (video.fps, video.n_frames, video.size) == (rate, 40, (64, 48))
    frames = list(video)
    assert [stamp_of(frame.rgb) for frame in frames] == list(range(40))
    assert [(frame.index, frame.pts) for frame in frames] == [(i, i / rate) for i in range(40)]
    assert all(frame.rgb.shape == (48, 64, 3) and frame.rgb.dtype == np.uint8 for frame in frames)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_a_variable_rate_is_resampled_by_timestamps(tmp_path, suffix):
    clip = tmp_path / f"clip{suffix}"
    make_clip(clip, UNEVEN)
    video = open_video(clip)
    shown = stamps(clip)
    assert len(shown) == video.n_frames
    assert shown == [max(i for i, time in enumerate(UNEVEN) if time <= k / video.fps) for k in range(len(shown))]
    assert abs(video.n_frames / video.fps - (UNEVEN[-1] + Fraction(1, 25))) <= 1 / video.fps


def test_every_pass_starts_anew(tmp_path):
    make_clip(tmp_path / "clip.mp4", [Fraction(i, 25) for i in range(6)])
    video = open_video(tmp_path / "clip.mp4")
    next(iter(video))
    first, second = iter(video), iter(video)
    assert [stamp_of(next(first).rgb) for _ in range(3)] == [0, 1, 2]
    assert stamp_of(next(second).rgb) == 0
    assert len(list(video)) == 6


def test_the_same_bytes_as_ffmpeg(tmp_path):
    clip = tmp_path / "clip.mp4"
    ffmpeg.run(
        ["-f", "lavfi", "-i", "testsrc2=s=96x64:d=0.4", "-pix_fmt", "yuv420p", "-colorspace", "bt709", str(clip)]
    )
    raw = subprocess.run(
        ffmpeg.command("-i", str(clip), "-pix_fmt", "rgb24", "-f", "rawvideo", "-"), capture_output=True, check=True
    ).stdout
    expected = np.frombuffer(raw, np.uint8).reshape(-1, 64, 96, 3)
    assert np.array_equal(np.stack([frame.rgb for frame in open_video(clip)]), expected)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_is_applied(tmp_path, degrees):
    plain, turned = tmp_path / "plain.mp4", tmp_path / "turned.mp4"
    make_clip(plain, [Fraction(i, 25) for i in range(3)])
    ffmpeg.run(["-display_rotation", str(degrees), "-i", str(plain), "-c", "copy", str(turned)])
    video = open_video(turned)
    assert video.size == ((64, 48) if degrees == 180 else (48, 64))
    for upright, frame in zip(open_video(plain), video, strict=True):
        assert np.array_equal(frame.rgb, np.rot90(upright.rgb, degrees // 90))


def test_odd_sizes_are_read_as_they_are(tmp_path):
    clip = tmp_path / "clip.mkv"
    ffmpeg.run(["-f", "lavfi", "-i", "testsrc=s=33x51:d=0.2", "-c:v", "ffv1", str(clip)])
    assert open_video(clip).size == (33, 51)
    assert next(iter(open_video(clip))).rgb.shape == (51, 33, 3)


def test_an_animated_gif(tmp_path):
    path = tmp_path / "clip.gif"
    levels = [0, 100, 200, 255]
    pictures = [Image.fromarray(np.full((20, 30), level, np.uint8)) for level in levels]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[100, 100, 100, 100])
    video = open_video(path)
    assert (video.fps, video.n_frames, video.size) == (10, 4, (30, 20))
    assert [int(frame.rgb.mean()) for frame in video] == levels


def test_a_folder_of_pictures(tmp_path):
    for number in (1, 2, 10):
        write_picture(tmp_path / f"frame {number}.png", stamped(number))
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".hidden.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "sub.png").mkdir()
    video = open_video(tmp_path)
    assert (video.fps, video.n_frames, video.size) == (25, 3, (64, 48))
    assert stamps(tmp_path) == [1, 2, 10]
    write_picture(tmp_path / "z.png", stamped(3, width=66))
    with pytest.raises(InputError, match="66x48"):
        list(open_video(tmp_path))


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match="no pictures"):
        open_video(tmp_path)


@pytest.mark.parametrize(
    "name", ["with space.mp4", "-i.mp4", 'quote\'s "both".mp4', "Grüße 猫.mp4", "http:a%d;$(x).mp4", "line\nbreak.mp4"]
)
def test_awkward_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "clip.mp4", [0])
    (tmp_path / "clip.mp4").rename(tmp_path / name)
    assert stamps(name) == [0]


def test_what_is_no_video(tmp_path):
    with pytest.raises(MissingFileError):
        open_video(tmp_path / "none.mp4")
    write_picture(tmp_path / "a.png", stamped(0))
    with pytest.raises(InputError, match="is a picture"):
        open_video(tmp_path / "a.png")
    make_tone(tmp_path / "sound.m4a", 0.2)
    with pytest.raises(InputError, match="no picture track"):
        open_video(tmp_path / "sound.m4a")
    (tmp_path / "broken.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(500))
    with pytest.raises(InputError, match="damaged"):
        open_video(tmp_path / "broken.mp4")


def test_a_song_with_a_cover_is_no_video(tmp_path):
    write_picture(tmp_path / "cover.jpg", stamped(0))
    make_tone(tmp_path / "sound.m4a", 0.2)
    song = tmp_path / "song.mp4"
    inputs = ["-i", str(tmp_path / "sound.m4a"), "-i", str(tmp_path / "cover.jpg"), "-map", "0", "-map", "1"]
    ffmpeg.run([*inputs, "-c", "copy", "-disposition:v", "attached_pic", str(song)])
    with pytest.raises(InputError, match="no picture track"):
        open_video(song)


def _fast_start_clip(path) -> bytes:
    noise = ["-f", "lavfi", "-i", "testsrc2=s=64x48:d=2:r=25", "-g", "5"]
    ffmpeg.run([*noise, "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(path)])
    return path.read_bytes()


def test_a_cut_off_file_gives_the_frames_it_holds(tmp_path, caplog):
    data = _fast_start_clip(tmp_path / "whole.mp4")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) * 7 // 10])
    with caplog.at_level(logging.WARNING):
        frames = list(open_video(cut))
    assert 10 < len(frames) < 50


def test_damage_in_the_middle_is_passed_over(tmp_path, caplog):
    data = bytearray(_fast_start_clip(tmp_path / "whole.mp4"))
    start = data.index(b"mdat")
    middle = start + (len(data) - start) // 2
    data[middle : middle + 3000] = bytes(3000)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        frames = list(open_video(broken))
    assert len(frames) == 50  # the gap shows the frame before it, so that the sound stays in step
    assert "could not be decoded" in caplog.text
    whole = list(open_video(tmp_path / "whole.mp4"))
    assert np.array_equal(frames[5].rgb, whole[5].rgb)
    assert np.array_equal(frames[-1].rgb, whole[-1].rgb)


def test_a_video_whose_frames_are_all_damaged(tmp_path):
    data = bytearray(_fast_start_clip(tmp_path / "whole.mp4"))
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    with pytest.raises(InputError, match="no frame that can be decoded"):
        open_video(broken)
