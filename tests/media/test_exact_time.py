"""From clip to clip: the number of frames, their rate, and sound that begins and ends where it should."""

from fractions import Fraction

import av
import pytest

from src.media import ffmpeg
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter

from .clips import join, make_clip, make_tone, onset, spans, stamp_of

RATES = [Fraction(24000, 1001), 24, 25, Fraction(30000, 1001), 30, 50, Fraction(60000, 1001)]
DONORS = [
    ("mp4", "aac"),
    ("mp4", "libmp3lame"),
    ("mp4", "libopus"),
    ("mov", "pcm_s16le"),
    ("mkv", "flac"),
    ("mkv", "libvorbis"),
]
SUFFIXES = [".mp4", ".mov", ".mkv", ".webm", ".avi"]
SECONDS, SILENCE = 1.24, 0.5


def clip_with_sound(path, rate, times=None, codec="aac", sound=SECONDS, delay=0.0) -> float:
    """Write a clip of 1.24 s with sound that is silent for about half a second; returns when it ends."""
    times = times or [i / rate for i in range(round(SECONDS * rate))]
    make_clip(path.with_name("picture.mp4"), times, rate)
    make_tone(path.with_name("sound.wav"), sound, SILENCE, "pcm_s16le")
    encoded = path.with_name("sound.mka")
    ffmpeg.run(["-i", str(path.with_name("sound.wav")), "-c:a", codec, str(encoded)])
    join(path.with_name("picture.mp4"), encoded, path, sound_delay=delay)
    return onset(path) - spans(path)["video"][0]


def copy_through(clip, result):
    """Read a clip, write it with its own sound; returns the numbers that the frames show."""
    video, shown = open_video(clip), []
    with VideoWriter(result, video.fps, preset="ultrafast", audio_from=clip) as writer:
        for frame in video:
            writer.write(frame.rgb)
            shown.append(stamp_of(frame.rgb))
    return shown


def sound_end(path) -> float:
    """Second at which the decoded sound ends."""
    with av.open(str(path)) as container:
        *_, last = container.decode(audio=0)
        return float(last.pts * last.time_base) + last.samples / last.sample_rate


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate):.2f}")
def test_constant_rates(tmp_path, rate):
    rate, n_frames = Fraction(rate), round(SECONDS * rate)
    begin = clip_with_sound(tmp_path / "clip.mp4", rate)
    assert copy_through(tmp_path / "clip.mp4", tmp_path / "result.mp4") == list(range(n_frames))
    result = open_video(tmp_path / "result.mp4")
    assert (result.fps, result.n_frames) == (rate, n_frames)
    assert_one_length(tmp_path / "result.mp4", rate)
    assert onset(tmp_path / "result.mp4") == pytest.approx(begin, abs=0.002)


def test_a_variable_rate(tmp_path):
    times = [Fraction(ms, 1000) for ms in (0, 33, 67, 180, 200, 233, 500, 533, 567, 600, 900, 940, 1200)]
    begin = clip_with_sound(tmp_path / "clip.mp4", Fraction(25), times)
    shown = copy_through(tmp_path / "clip.mp4", tmp_path / "result.mp4")
    fps = open_video(tmp_path / "clip.mp4").fps
    assert abs(len(shown) / fps - Fraction(SECONDS)) < 1 / fps
    assert shown == [max(i for i, time in enumerate(times) if time <= k / fps) for k in range(len(shown))]
    assert open_video(tmp_path / "result.mp4").n_frames == len(shown)
    assert_one_length(tmp_path / "result.mp4", fps)
    assert onset(tmp_path / "result.mp4") == pytest.approx(begin, abs=0.002)


def assert_one_length(path, rate):
    """By the packets and by the header: pictures and sound end within a frame of each other."""
    track = spans(path)
    assert abs(track["audio"][1] - track["video"][1]) < 1 / rate
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert abs(video.duration * video.time_base - audio.duration * audio.time_base) < 1 / rate


@pytest.mark.parametrize(("container", "codec"), DONORS)
def test_every_kind_of_sound_in_every_container(tmp_path, container, codec):
    """Sound that begins later than the picture and lasts longer."""
    rate = Fraction(30000, 1001)
    clip = tmp_path / f"clip.{container}"
    begin = clip_with_sound(clip, rate, codec=codec, sound=2.0, delay=0.2)
    for suffix in SUFFIXES:
        result = tmp_path / f"result{suffix}"
        assert len(copy_through(clip, result)) == round(SECONDS * rate)
        assert onset(result) == pytest.approx(begin, abs=0.003), suffix
        assert abs(sound_end(result) - spans(result)["video"][1]) < 1 / rate, suffix


@pytest.mark.parametrize("codec", ["aac", "flac"])
@pytest.mark.parametrize(("sound", "end"), [(0.8, 0.8), (SECONDS, SECONDS), (2.0, SECONDS)])
def test_sound_of_another_length(tmp_path, codec, sound, end):
    """Shorter sound leaves silence, longer sound is cut, also where its packets are five frames long (FLAC)."""
    rate = Fraction(60000, 1001)
    begin = clip_with_sound(tmp_path / "clip.mkv", rate, codec=codec, sound=sound)
    assert len(copy_through(tmp_path / "clip.mkv", tmp_path / "result.mkv")) == round(SECONDS * rate)
    assert sound_end(tmp_path / "result.mkv") == pytest.approx(end, abs=float(1 / rate))
    assert onset(tmp_path / "result.mkv") == pytest.approx(begin, abs=0.002)


def test_from_avi(tmp_path):
    begin = clip_with_sound(tmp_path / "clip.mp4", Fraction(25), sound=2.0)
    copy_through(tmp_path / "clip.mp4", tmp_path / "clip.avi")
    assert copy_through(tmp_path / "clip.avi", tmp_path / "result.mp4") == list(range(31))
    assert onset(tmp_path / "result.mp4") == pytest.approx(begin, abs=0.003)
    assert_one_length(tmp_path / "result.mp4", 25)
