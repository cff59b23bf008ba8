"""A source video: aligned with its driver by time, frame by frame, whatever its frames show."""

from fractions import Fraction

import numpy as np
import pytest

from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.motion.template import load_template
from tests.media.clips import make_tone

from .conftest import LEVELS
from .fakes import OUT
from .scenes import grey, make_video, middles, people, write_video

pytestmark = pytest.mark.usefixtures("here")

NTSC, FILM = Fraction(30000, 1001), Fraction(24000, 1001)
ABSOLUTE = {"flag_relative_motion": False}  # a source video keeps its own place otherwise
RISING = [40 + 2 * k for k in range(60)]  # grey level 40 + 2 * frame


@pytest.fixture
def levels(run, written):
    """The result, and grey levels where the face is pasted, of a source that is grey all over."""

    def rendered(driving, source, **options):
        result = run(driving, source, output="r.mp4", **{**ABSOLUTE, **options})
        writer = written.pop("r.mp4")
        assert len(writer.frames) == result.n_frames and writer.fps == result.fps
        return result, [middles(rgb, 1)[0] for rgb in writer.frames]

    return rendered


def clip(path, levels, fps=25, **options):
    return make_video(path, levels, fps, width=64, height=64, **options)


# Rates ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source_rate", "rate", "n_source", "n_driver", "n_frames"),
    [
        (30, 25, 36, 25, 30),  # one second of driver is 30 frames of source
        (24, 30, 20, 20, 16),
        (25, 60, 8, 24, 8),
        (NTSC, FILM, 12, 20, 12),
    ],
)
def test_aligned_by_time(levels, tmp_path, source_rate, rate, n_source, n_driver, n_frames):
    source = clip(tmp_path / "s.mp4", [100] * n_source, source_rate)
    driving = clip(tmp_path / "d.mp4", RISING[:n_driver], rate)
    result, shown = levels(driving, source, concat=False)
    assert (result.n_frames, result.fps) == (n_frames, source_rate)
    moments = np.minimum(np.arange(n_frames) * float(Fraction(rate) / Fraction(source_rate)), n_driver - 1)
    assert shown == pytest.approx(list(27.5 + 40 + 2 * moments), abs=2)
    by_index, shown = levels(driving, source, align="index", concat=False)
    assert (by_index.n_frames, by_index.fps) == (min(n_source, n_driver), source_rate)
    assert shown == pytest.approx([27.5 + level for level in RISING[: by_index.n_frames]], abs=2)


def test_equal_rates_are_driven_frame_by_frame(levels, tmp_path):
    source, driving = clip(tmp_path / "s.mp4", [100] * 10, NTSC), clip(tmp_path / "d.mp4", LEVELS, NTSC)
    assert levels(driving, source)[1] == levels(driving, source, align="index")[1]


@pytest.mark.parametrize("suffix", [".safetensors", ".pkl"])
def test_templates_have_a_rate_of_their_own(levels, run, tmp_path, suffix):
    """Quirk Q8: the exact rate is kept, and rounded (not cut) in the official format alone."""
    driving = clip(tmp_path / "d.mp4", RISING[:30], NTSC)
    template = run(driving, None, save_motion_template=f"m{suffix}").template
    assert load_template(template).fps == (NTSC if suffix == ".safetensors" else 30)
    source = clip(tmp_path / "s.mp4", [100] * 12, 15)
    result, shown = levels(tmp_path / template, source)
    assert result.n_frames == 12 and result.fps == 15
    assert shown == pytest.approx([27.5 + 40 + 4 * k for k in range(12)], abs=2)


def test_the_preview_shows_the_same_moment(run, written, tmp_path):
    source, driving = clip(tmp_path / "s.mp4", [100] * 10, 15), clip(tmp_path / "d.mp4", RISING[:30], 30)
    run(driving, source, output="r.mp4", **ABSOLUTE)
    previews = [middles(rgb, 3)[0] for rgb in written["r_concat.mp4"].frames]
    assert previews == pytest.approx([40 + 4 * k for k in range(10)], abs=2)


# Stills and single frames ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("driving", ["d.png", "still.safetensors"])
def test_a_still_driver_moves_the_whole_video(levels, media, tmp_path, driving):
    source = clip(tmp_path / "s.mp4", [100, 110, 120], NTSC)
    result, shown = levels(media / driving, source)
    driver = 150 if driving == "d.png" else LEVELS[0]
    assert (result.n_frames, result.fps) == (3, NTSC)
    assert shown == pytest.approx([127.5 + driver - level for level in (100, 110, 120)], abs=2)


@pytest.mark.parametrize("driving", ["d.mp4", "d.png", "d.safetensors", "still.safetensors"])
@pytest.mark.parametrize("options", [{}, ABSOLUTE], ids=["relative", "absolute"])
def test_a_source_video_of_one_frame(run, media, written, options, driving):
    """Quirk Q25: the official smoother fails here."""
    result = run(media / driving, np.stack([grey(100)]), output="r.mp4", **options)
    assert result.n_frames == len(written["r.mp4"].frames) == 1 and result.fps == 25


def test_a_driving_video_of_one_frame(levels, tmp_path):
    """As in the original the shorter clip decides, and a video of one frame is no still."""
    result, shown = levels(np.stack([grey(150, 64, 64)]), clip(tmp_path / "s.mp4", [100] * 4))
    assert result.n_frames == 1 and shown == pytest.approx([177.5], abs=2)


def test_what_lies_behind_the_end_is_not_even_looked_at(run, written, detector):
    """Of the source, and of the driver unless all of its motion is kept."""
    driving, source = np.stack([grey(level, 96, 96) for level in LEVELS]), np.stack([people(100)] * 40)
    run(driving, source, output="r.mp4", concat=False)
    assert len(written["r.mp4"].frames) == 10 and detector.calls == 10 + 10
    run(driving, source[:4], output="s.mp4", concat=False)
    assert len(written["s.mp4"].frames) == 4 and detector.calls == 20 + 4 + 4
    kept = run(driving, source[:4], output="t.mp4", concat=False, auto_template=True)
    assert len(written["t.mp4"].frames) == 4 and detector.calls == 28 + 4 + 10
    assert load_template(kept.template).n_frames == 10


def test_a_slow_driver_moves_up_to_the_end(levels, tmp_path):
    """Between two of its frames; the one behind the last moment counts as well."""
    source, driving = clip(tmp_path / "s.mp4", [100] * 5, 30), clip(tmp_path / "d.mp4", [60, 90, 120], 10)
    assert levels(driving, source, concat=False)[1] == pytest.approx([87.5, 97.5, 107.5, 117.5, 127.5], abs=2)


def test_relative_motion_keeps_the_place_of_a_video(levels, tmp_path):
    _, shown = levels(
        np.stack([grey(level, 64, 64) for level in LEVELS]),
        clip(tmp_path / "s.mp4", [100] * 10),
        **{"flag_relative_motion": True},
    )
    assert shown == pytest.approx([127] * 10, abs=1.01)


# Frames without a face ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gaps", [(0, 1), (3, 4, 5), (8, 9), (0, 4, 9)])
def test_frames_without_a_face_pass_through(run, written, gaps):
    """Bit for bit, and those that show it are pasted where it is in them (quirk Q14)."""
    whole = [people(100, 0, shift=3 * k) for k in range(10)]
    source = np.stack([np.where(rgb > 0, 9, 0).astype(np.uint8) if k in gaps else rgb for k, rgb in enumerate(whole)])
    driving = np.stack([grey(level, 96, 96) for level in LEVELS])
    result = run(driving, source, output="r.mp4", **ABSOLUTE)
    unbroken = run(driving, np.stack(whole), output="w.mp4", **ABSOLUTE)
    assert result.n_frames == unbroken.n_frames == 10 and result.report.missed_source == [len(gaps)]
    for k, rgb in enumerate(written["r.mp4"].frames):
        if k in gaps:
            np.testing.assert_array_equal(rgb, source[k])
        else:
            np.testing.assert_array_equal(rgb, written["w.mp4"].frames[k])
            assert middles(rgb[:, 3 * k : 3 * k + 96], 1) == pytest.approx([27.5 + LEVELS[k]], abs=1.01)


def test_crops_without_a_face_are_shown_as_they_are(run, written):
    source = np.stack([people(100), people(0), people(100)])
    run(np.stack([grey(60)] * 3), source, output="r.mp4", flag_pasteback=False, **ABSOLUTE)
    shown = [middles(rgb, 1)[0] for rgb in written["r.mp4"].frames]
    assert shown == pytest.approx([87.5, 0, 87.5], abs=1.01)
    tiles = [middles(rgb, 3) for rgb in written["r_concat.mp4"].frames]
    assert tiles[1] == pytest.approx([60, 0, 0], abs=1) and written["r.mp4"].frames[1].shape == (OUT, OUT, 3)


def test_gaps_on_both_sides(run, written):
    """The driver's gaps are bridged, the source's pass through: every frame stays where it was."""
    source = np.stack([people(100 * (k not in (1, 2))) for k in range(6)])
    driving = np.stack([grey(level, 96, 96) for level in (60, 60, 0, 0, 80, 0)])
    run(driving, source, output="r.mp4", **ABSOLUTE)
    shown = [middles(rgb, 1)[0] for rgb in written["r.mp4"].frames]
    assert shown == pytest.approx([87.5, 0, 0, 87.5, 107.5, 107.5], abs=1.01)


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_sound(tmp_path):
    make_tone(tmp_path / "tone.m4a", 1.0)
    return [clip(tmp_path / f"{name}.mp4", [100] * 10, audio_from=tmp_path / "tone.m4a") for name in "sd"]


@pytest.mark.parametrize("priority", ["source", "driving"])
def test_whose_sound_is_heard(run, written, with_sound, priority):
    source, driving = with_sound
    run(driving, source, output="r.mp4", audio_priority=priority)
    assert (
        written["r.mp4"].audio_from
        == written["r_concat.mp4"].audio_from
        == {"source": source, "driving": driving}[priority]
    )
    run(np.stack([grey(60)] * 3), source, output="only.mp4", audio_priority=priority)
    assert written["only.mp4"].audio_from == source
    run(driving, source, output="silent.mp4", audio_priority=priority, audio=False)
    assert written["silent.mp4"].audio_from is None


def test_files(run, tmp_path, with_sound):
    """From a real file to a real file."""
    source = write_video(tmp_path / "v.mp4", [people(100, 0, shift=2 * k) for k in range(12)], NTSC)
    result = run(with_sound[1], source, output="out/r.mp4", v2v=True)
    video = open_video(result)
    assert (video.n_frames, video.fps, video.size) == (result.n_frames, NTSC, (192, 96)) and result.n_frames == 12
    assert has_audio(result) and has_audio(result.concat) and open_video(result.concat).size == (3 * OUT, OUT)


def test_a_folder_and_a_gif(run, written, media, tmp_path):
    for number in (1, 2, 10):
        (tmp_path / f"f{number}.png").write_bytes((media / "d.png").read_bytes())
    result = run("d.gif", tmp_path, output="x/r.mp4")
    assert (result.n_frames, result.fps) == (3, 25)
    assert run("d.png", "d.gif", output="x/r2.mp4").n_frames == 10
