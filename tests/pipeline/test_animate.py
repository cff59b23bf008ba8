"""A picture and one driver, from file to file."""

import json
import logging
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.media.picture import read_picture
from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.motion.template import load_template
from src.pipeline import inputs
from src.pipeline.animate import ANIMATING, animate
from src.pipeline.driving import FINDING, READING
from src.pipeline.finders import Finders
from src.pipeline.progress import silent
from tests.media.clips import make_tone, spans

from .conftest import LEVELS
from .fakes import OUT
from .scenes import grey, make_video, middles

pytestmark = pytest.mark.usefixtures("here")

EXPECTED = [127 + level - LEVELS[0] for level in LEVELS]


def face_levels(path):
    """Grey levels where the face is pasted."""
    return [float(frame.rgb[62:70, 96:104].mean()) for frame in open_video(path)]


def test_video(run, media):
    result = run(output="out/r.mp4")
    assert result == "out/r.mp4" and Path(result).is_file()
    assert (result.n_frames, result.fps, result.concat, result.template) == (10, 25, "out/r_concat.mp4", None)
    video, concat = open_video(Path(result)), open_video(Path(result.concat))
    assert (video.n_frames, video.fps, video.size) == (10, 25, (200, 160))
    assert (concat.n_frames, concat.fps, concat.size) == (10, 25, (3 * OUT, OUT))
    assert face_levels(result) == pytest.approx(EXPECTED, abs=4)
    assert sorted(path.name for path in Path("out").iterdir()) == ["r.mp4", "r_concat.mp4"]


def test_side_by_side(run):
    frames = [frame.rgb for frame in open_video(Path(run(output="r.mp4").concat))]
    tiles = [[float(tile[16:48, 16:48].mean()) for tile in np.split(rgb, 3, axis=1)] for rgb in frames]
    assert [driving for driving, _, _ in tiles] == pytest.approx(LEVELS, abs=4)
    assert [source for _, source, _ in tiles] == pytest.approx([99.5] * 10, abs=6)
    assert [crop for _, _, crop in tiles] == pytest.approx(EXPECTED, abs=4)


def test_sound_comes_along(run):
    result = run(output="r.mp4")
    for path in (result, result.concat):
        track = spans(Path(path))
        assert track["video"] == pytest.approx((0, 0.4), abs=1e-3) and abs(track["audio"][1] - 0.4) < 0.04


def test_without_sound(run):
    result = run(output="r.mp4", audio=False)
    assert not has_audio(result) and not has_audio(result.concat)


def test_a_silent_driver(run, tmp_path, caplog):
    make_video(tmp_path / "silent.mp4", [100, 120], Fraction(30000, 1001))
    result = run(tmp_path / "silent.mp4", output="r.mp4")
    assert not has_audio(result) and result.fps == open_video(Path(result)).fps == Fraction(30000, 1001)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING and "sound" in record.message]


def test_without_side_by_side(run):
    result = run(output="r.mp4", concat=False)
    assert result.concat is None and [path.name for path in Path().iterdir()] == ["r.mp4"]


def test_quality(run):
    """The source is noise, which costs bytes at any quality but the worst."""
    fine, coarse = run(output="fine.mp4", crf=5, audio=False), run(output="coarse.mp4", crf=51, audio=False)
    for name in ("", "concat"):
        sizes = [Path(getattr(result, name) if name else result).stat().st_size for result in (fine, coarse)]
        assert sizes[0] > 2 * sizes[1]


def test_animated_gif(run):
    result = run("d.gif", output="r.mp4")
    assert result.n_frames == 10 and face_levels(result) == pytest.approx(EXPECTED, abs=4) and not has_audio(result)


def test_template(run):
    result = run("d.safetensors", output="r.mp4")
    assert face_levels(result) == pytest.approx(EXPECTED, abs=4) and not has_audio(result)
    assert open_video(Path(result.concat)).size == (2 * OUT, OUT)  # there is no driving picture to show


@pytest.mark.parametrize(("driving", "tiles"), [("d.png", 3), ("still.safetensors", 2)])
def test_a_still_driver_gives_a_picture(run, driving, tiles):
    result = run(driving, output="r.png")
    assert (result, result.concat, result.n_frames, result.fps) == ("r.png", "r_concat.png", 1, None)
    assert read_picture(result).shape == (160, 200, 3)
    assert read_picture(result.concat).shape == (OUT, tiles * OUT, 3)


def test_names_of_pictures_and_videos(run, media):
    assert run("d.png") == "animations/s--d.jpg" and Path("animations/s--d_concat.jpg").is_file()
    assert run("d.mp4", output_dir="x") == "x/s--d.mp4" and Path("x/s--d_concat.mp4").is_file()
    assert run("d.png", output="y/r.mp4") == "y/r.jpg" and not Path("y/r.mp4").exists()
    assert run("d.mp4", output="y/r.jpg") == "y/r.mp4"


def test_other_containers(run):
    gif = run(output="r.gif")
    assert open_video(Path(gif)).n_frames == 10 and Path("r_concat.gif").is_file()


@pytest.mark.parametrize("options", [{"flag_pasteback": False}, {"flag_stitching": False}, {"flag_do_crop": False}])
def test_the_result_is_the_crop(run, options, caplog):
    result = run(output="r.mp4", **options)
    assert open_video(Path(result)).size == (OUT, OUT)
    assert ("nothing is pasted back" in caplog.text) is ("flag_pasteback" not in options)


def test_template_beside_the_animation(run):
    result = run(output="r.mp4", save_motion_template="sub/m")
    assert result == "r.mp4" and result.template == "sub/m.safetensors"
    assert load_template(result.template).n_frames == 10
    again = run(Path("sub/m.safetensors").absolute(), output="again.mp4")
    assert face_levels(again) == pytest.approx(face_levels(result), abs=1)


@pytest.mark.parametrize("name", ["m.pkl", "m.safetensors"])
def test_template_alone(run, name):
    result = run(source=None, save_motion_template=name)
    assert (result, result.template, result.concat, result.n_frames, result.fps) == (name, name, None, 10, 25)
    assert [path.name for path in Path().iterdir()] == [name]
    assert load_template(name).model == "fake"


def test_detector_is_not_made_where_no_face_is_needed(media, engine):
    def none():
        raise AssertionError("no face is needed")

    args = ArgumentConfig(
        source=str(media / "s.png"), driving=str(media / "d.safetensors"), flag_do_crop=False, output="r.mp4"
    )
    assert animate(engine, Finders(none, none, none), args, silent).n_frames == 10


def test_the_examples_are_the_defaults(run, engine, monkeypatch, media):
    (Path("assets/examples/source")).mkdir(parents=True)
    (Path("assets/examples/driving")).mkdir()
    shutil.copy(media / "s.png", "assets/examples/source/s0.jpg")
    shutil.copy(media / "d.mp4", "assets/examples/driving/d0.mp4")
    monkeypatch.setattr(inputs, "assets_dir", lambda: Path("assets").absolute())
    assert run(None, None) == "animations/s0--d0.mp4"
    assert run(None, None, save_motion_template="m") == "m.safetensors"


@pytest.mark.parametrize("options", [{}, {"output": "x/r.mp4"}])
def test_auto_template(run, options):
    result = run(auto_template=True, **options)
    assert Path(result.template) == Path(result).parent / "d.safetensors"
    assert load_template(result.template).n_frames == 10


def test_a_template_with_a_video_beside_it(run, written, media, tmp_path):
    """The template moves the face at its own rate; of the video there is sound and preview only."""
    make_tone(tmp_path / "tone.m4a", 1.0)
    shown = make_video(tmp_path / "v.mp4", [200] * 10 + [30] * 10, 50, audio_from=tmp_path / "tone.m4a")
    result = run(shown, motion_template=media / "d.safetensors", output="r.mp4")
    assert (result.n_frames, result.fps) == (10, 25) and written["r.mp4"].audio_from == shown
    assert middles(written["r.mp4"].frames[3], 1)[0] == pytest.approx(EXPECTED[3], abs=4)
    previews = [middles(rgb, 3)[0] for rgb in written["r_concat.mp4"].frames]
    assert previews == pytest.approx([200] * 5 + [30] * 5, abs=2)


@pytest.mark.parametrize("beside", ["d.mp4", "d.png"])
def test_a_still_template_with_something_beside_it(run, media, beside):
    result = run(beside, motion_template=media / "still.safetensors", output="r.png")
    assert (result, result.n_frames) == ("r.png", 1)
    assert read_picture(result.concat).shape == (OUT, 3 * OUT, 3)


def test_report(run):
    shown = np.stack([grey(level, 96, 96) for level in (100, 0, 0, 160)])
    result = run(shown, output="r.mp4", report="sub/r.json")
    kept = json.loads(Path("sub/r.json").read_text())
    assert kept == json.loads(json.dumps(vars(result.report)))
    assert (kept["model"], kept["device"], kept["n_frames"], kept["fps"], kept["n_faces"]) == (
        "fake",
        "cpu",
        4,
        "25/1",
        1,
    )
    assert (kept["missed_source"], kept["missed_driving"]) == ([0], [2])
    assert set(kept["stages"]) == {"source", "driving", "networks", "paste back", "encode", "side by side"}
    assert 0 < max(kept["stages"].values()) <= kept["seconds"] and kept["peak_memory_mib"] > 10


def test_report_of_a_picture(run, caplog):
    with caplog.at_level(logging.INFO):
        result = run("d.png", output="r.png", report="r.json")
    assert json.loads(Path("r.json").read_text())["fps"] is None
    assert result.report.line() in caplog.messages  # whoever asks for no file finds it in the log


def test_report_of_a_template(run):
    result = run(source=None, save_motion_template="m", report="m.json")
    assert (result.report.n_frames, result.report.fps, result.report.n_faces) == (10, "25/1", 0)
    assert "10 frames at 25 fps in " in result.report.line() and result.report.missed_driving == [0]
    assert Path("m.json").is_file()


def test_progress(run):
    reports = []
    run(output="r.mp4", flag_crop_driving_video=True, progress=lambda *report: reports.append(report))
    assert list(dict.fromkeys(stage for stage, _, _ in reports)) == [FINDING, READING, ANIMATING]
    assert [done for stage, done, total in reports if stage == ANIMATING and total == 10] == [*range(11), 10]
