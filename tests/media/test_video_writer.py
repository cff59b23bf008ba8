import logging
import os
from fractions import Fraction

import av
import numpy as np
import pytest

from src.errors import InputError, LivePortraitError
from src.media import video_writer
from src.media.containers import CONTAINERS
from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter

from .clips import join, make_clip, make_tone, onset, spans, stamp_of, stamped

RATES = [Fraction(24000, 1001), 24, 25, Fraction(30000, 1001), 30, 50, Fraction(60000, 1001)]


def write(path, fps=25, frames=10, size=(64, 48), **options):
    with VideoWriter(path, fps, **options) as writer:
        for number in range(frames):
            writer.write(stamped(number, *size))


@pytest.fixture(scope="module")
def donor(tmp_path_factory):
    """1.6 s of pictures with 1.6 s of sound whose tone begins after about half a second."""
    folder = tmp_path_factory.mktemp("donor")
    make_clip(folder / "picture.mp4", [Fraction(i, 25) for i in range(40)])
    make_tone(folder / "sound.m4a", 1.6, silence=0.5)
    join(folder / "picture.mp4", folder / "sound.m4a", folder / "donor.mp4")
    return folder / "donor.mp4"


@pytest.mark.parametrize("rate", RATES)
def test_rates_are_exact_and_sound_lasts_as_long_as_the_picture(tmp_path, donor, rate):
    result = tmp_path / "result.mp4"
    write(result, rate, frames=20, audio_from=donor)
    video = open_video(result)
    assert (video.fps, video.n_frames, has_audio(video.path)) == (Fraction(rate), 20, True)
    assert [stamp_of(frame.rgb) for frame in video] == list(range(20))
    track = spans(result)
    assert track["video"] == pytest.approx((0, float(20 / rate)), abs=1e-3)
    assert abs(track["audio"][1] - track["video"][1]) < 1 / rate


def test_a_variable_rate_clip_goes_round(tmp_path, donor):
    times = [Fraction(ms, 1000) for ms in (0, 33, 67, 180, 200, 233, 500, 533, 567, 600, 900, 940)]
    make_clip(tmp_path / "clip.mp4", times)
    source = open_video(tmp_path / "clip.mp4")
    with VideoWriter(tmp_path / "result.mp4", source.fps, audio_from=donor) as writer:
        for frame in source:
            writer.write(frame.rgb)
    result = open_video(tmp_path / "result.mp4")
    assert (result.fps, result.n_frames) == (source.fps, source.n_frames)
    track = spans(tmp_path / "result.mp4")
    assert abs(track["audio"][1] - track["video"][1]) < 1 / source.fps


@pytest.mark.parametrize("suffix", sorted(CONTAINERS))
def test_every_container(tmp_path, donor, suffix):
    result = tmp_path / f"result{suffix}"
    write(result, frames=10, audio_from=donor)
    video = open_video(result)
    assert (video.fps, video.n_frames, video.size) == (25, 10, (64, 48))
    assert [stamp_of(frame.rgb) for frame in video] == list(range(10))
    assert has_audio(video.path) == (suffix != ".gif")
    assert spans(result)["video"] == pytest.approx((0, 0.4), abs=0.002)
    assert [file.name for file in tmp_path.iterdir()] == [result.name]


def test_a_gif_is_no_faster_than_browsers_play(tmp_path):
    write(tmp_path / "a.gif", 60, frames=30, size=(65, 49))
    video = open_video(tmp_path / "a.gif")
    assert (video.fps, video.n_frames, video.size) == (50, 25, (65, 49))


def test_mp4_is_what_every_player_shows(tmp_path):
    write(tmp_path / "result.mp4")
    with av.open(str(tmp_path / "result.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.codec.canonical_name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (6, 1, 1, 1)
    data = (tmp_path / "result.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_colours_are_kept(tmp_path):
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 150, 120]], np.uint8)
    picture = np.repeat(np.repeat(colours[None], 32, axis=0), 32, axis=1)  # (32, 128, 3)
    with VideoWriter(tmp_path / "result.mp4", 25) as writer:
        writer.write(picture)
    read = next(iter(open_video(tmp_path / "result.mp4"))).rgb
    assert np.abs(read[16, 16::32].astype(int) - colours).max() <= 4


@pytest.mark.parametrize(("size", "even"), [((65, 48), (66, 48)), ((64, 51), (64, 52)), ((67, 49), (68, 50))])
def test_odd_sizes_become_even(tmp_path, size, even):
    write(tmp_path / "result.mp4", size=size, frames=2)
    assert open_video(tmp_path / "result.mp4").size == even


def test_lower_crf_keeps_more(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for crf in (5, 40):
        with VideoWriter(tmp_path / f"{crf}.mp4", 25, crf=crf, preset="ultrafast") as writer:
            writer.write(noise)
    assert (tmp_path / "5.mp4").stat().st_size > 2 * (tmp_path / "40.mp4").stat().st_size


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
@pytest.mark.parametrize("container", ["mp4", "mkv"])
@pytest.mark.parametrize(("picture_delay", "sound_delay"), [(0, 0), (0.3, 0), (0, 0.3)])
def test_sound_keeps_its_distance_to_the_picture(tmp_path, donor, container, suffix, picture_delay, sound_delay):
    shifted = tmp_path / f"shifted.{container}"
    join(donor.with_name("picture.mp4"), donor.with_name("sound.m4a"), shifted, picture_delay, sound_delay)
    write(tmp_path / f"result{suffix}", frames=35, audio_from=shifted)
    expected = onset(donor) + sound_delay - picture_delay
    assert onset(tmp_path / f"result{suffix}") == pytest.approx(expected, abs=0.015)


def test_sound_that_fits_is_copied(tmp_path, donor):
    def packets(path):
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    write(tmp_path / "result.mp4", frames=30, audio_from=donor)
    copied = packets(tmp_path / "result.mp4")
    assert copied == packets(donor)[: len(copied)]


def test_shorter_sound_does_not_cut_the_picture(tmp_path, donor):
    write(tmp_path / "result.mp4", frames=60, audio_from=donor)
    assert open_video(tmp_path / "result.mp4").n_frames == 60
    assert spans(tmp_path / "result.mp4")["audio"][1] == pytest.approx(1.6, abs=0.03)


def test_a_donor_without_usable_sound_leaves_the_video_silent(tmp_path, donor, caplog):
    with caplog.at_level(logging.WARNING):
        write(tmp_path / "a.mp4", audio_from=donor.with_name("picture.mp4"))
    assert "no sound" in caplog.text
    assert open_video(tmp_path / "a.mp4").n_frames == 10


def test_a_failed_mux_keeps_the_silent_video(tmp_path, donor, caplog, monkeypatch):
    monkeypatch.setattr("src.media.sound._alignment", lambda *_: "no_such_filter")
    with caplog.at_level(logging.WARNING):
        write(tmp_path / "a.webm", audio_from=donor)
    assert "no_such_filter" in caplog.text
    assert open_video(tmp_path / "a.webm").n_frames == 10
    assert [file.name for file in tmp_path.iterdir()] == ["a.webm"]


@pytest.mark.parametrize(
    "name", ["with space.mp4", "-i.mp4", 'quote\'s "both".mp4', "Grüße 猫.mp4", "http:a%d;$(x).mp4", "line\nbreak.mp4"]
)
def test_awkward_names(tmp_path, monkeypatch, donor, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"donor {name}").write_bytes(donor.read_bytes())
    (tmp_path / "-out").mkdir()
    write(os.path.join("-out", name), audio_from=f"donor {name}")  # noqa: PTH118
    assert [file.name for file in (tmp_path / "-out").iterdir()] == [name]
    assert has_audio(tmp_path / "-out" / name)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_an_interrupted_video_leaves_nothing(tmp_path, error, suffix):
    def interrupted():
        with VideoWriter(tmp_path / f"result{suffix}", 25) as writer:
            writer.write(stamped(0))
            assert writer._process.poll() is None
            raise error

    with pytest.raises(error):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_video_keeps_the_older_file(tmp_path):
    write(tmp_path / "result.mp4", frames=3)
    with pytest.raises(InputError), VideoWriter(tmp_path / "result.mp4", 25) as writer:
        writer.write(stamped(0))
        writer.write(stamped(0, width=66))
    assert open_video(tmp_path / "result.mp4").n_frames == 3


def test_a_failing_encoder_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(video_writer.ffmpeg, "file_argument", lambda path: str(path / "not a folder"))
    with (
        pytest.raises(LivePortraitError, match=r"result\.mp4.*could not be written"),
        VideoWriter(tmp_path / "result.mp4", 25) as w,
    ):
        for _ in range(2000):
            w.write(stamped(0))
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_at_the_end_is_reported(tmp_path):
    with (
        pytest.raises(InputError, match=r"cannot be moved to '.*result\.mp4': .*name another file"),
        VideoWriter(tmp_path / "result.mp4", 25) as writer,
    ):
        writer.write(stamped(0))
        (tmp_path / "result.mp4").mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["result.mp4"]


def test_bad_arguments(tmp_path):
    for arguments in (("a.xyz", 25), ("a.mp4", 0), ("a.mp4", -25)):
        with pytest.raises(InputError):
            VideoWriter(*arguments)
    with pytest.raises(InputError, match="crf"):
        VideoWriter("a.mp4", 25, crf=60)
    with pytest.raises(InputError, match="no frames"), VideoWriter(tmp_path / "a.mp4", 25):
        pass
    (tmp_path / "taken.mp4").mkdir()
    with pytest.raises(InputError, match="folder"), VideoWriter(tmp_path / "taken.mp4", 25):
        pass


@pytest.mark.parametrize(
    "frame",
    [np.zeros((8, 8)), np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3), np.float32), np.zeros((0, 8, 3), np.uint8)],
)
def test_what_is_no_frame(tmp_path, frame):
    with pytest.raises(InputError, match="uint8"), VideoWriter(tmp_path / "a.mp4", 25) as writer:
        writer.write(frame)
    assert list(tmp_path.iterdir()) == []


def test_frames_need_not_be_contiguous(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", 25) as writer:
        writer.write(stamped(5)[:, ::-1][:, ::-1])
        writer.write(stamped(6, width=128)[:, :64])
    assert [stamp_of(frame.rgb) for frame in open_video(tmp_path / "a.mp4")] == [5, 6]
