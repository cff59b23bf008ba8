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
from src.pipeline import animate as module
from src.pipeline import plan
from src.pipeline.animate import ANIMATING, animate
from src.pipeline.driving import FINDING, READING
from src.pipeline.progress import silent
from tests.media.clips import spans

from .conftest import LEVELS
from .fakes import OUT, make_video

pytestmark = pytest.mark.usefixtures("here")

EXPECTED = [127 + level - LEVELS[0] for level in LEVELS]


def face_levels(path):
    """Grey levels where the face is pasted, or in the middle of a crop."""
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


def test_source_limits(run, media):
    assert open_video(Path(run(output="r.mp4", source_max_dim=100))).size == (100, 80)
    assert open_video(Path(run(output="r.mp4", source_division=64))).size == (192, 128)


def test_absolute_motion(run):
    options = {"flag_relative_motion": False, "driving_option": "pose-friendly", "flag_pasteback": False}
    levels = [float(frame.rgb.mean()) for frame in open_video(Path(run(output="r.mp4", **options)))]
    source = 99.5
    assert levels == pytest.approx([127.5 + level - source for level in LEVELS], abs=4)


@pytest.mark.parametrize(
    ("region", "moves"), [("all", True), ("pose", True), ("exp", False), ("lip", False), ("eyes", False)]
)
def test_animation_region(run, region, moves):
    """A shift of the head belongs to its pose."""
    levels = face_levels(run(output="r.mp4", animation_region=region))
    assert (max(levels) - min(levels) > 100) is moves


def test_driving_multiplier(run):
    levels = face_levels(run(output="r.mp4", driving_multiplier=0.5))
    assert levels == pytest.approx([127 + (level - LEVELS[0]) / 2 for level in LEVELS], abs=4)


@pytest.mark.parametrize("part", ["eye", "lip"])
def test_retargeting(run, engine, part):
    """With relative motion only the opening is followed; the fake driver opens with its grey level."""
    levels = face_levels(run(output="r.mp4", **{f"flag_{part}_retargeting": True}))
    assert part in engine.heads.calls
    assert np.corrcoef(levels, LEVELS)[0, 1] > 0.99
    assert levels[0] < 127 < levels[6]  # the source's opening lies between


def test_lips_closed_first(run, engine):
    plain, closed = face_levels(run(output="r.mp4")), face_levels(run(output="r.mp4", flag_normalize_lip=True))
    assert "lip" in engine.heads.calls
    assert np.ptp(np.subtract(plain, closed)) < 4 and plain[0] - closed[0] > 20


def test_frames_without_a_face(run, tmp_path, caplog):
    path = make_video(tmp_path / "v.mp4", [0, 100, 0, 140, 0])
    result = run(path, output="r.mp4", flag_crop_driving_video=True)
    assert result.n_frames == 5 and open_video(Path(result)).n_frames == 5
    assert "3 of 5 driving frames show no face" in caplog.text


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
    assert animate(engine, none, args, silent).n_frames == 10


def test_the_examples_are_the_defaults(run, engine, monkeypatch, media):
    (Path("assets/examples/source")).mkdir(parents=True)
    (Path("assets/examples/driving")).mkdir()
    shutil.copy(media / "s.png", "assets/examples/source/s0.jpg")
    shutil.copy(media / "d.mp4", "assets/examples/driving/d0.mp4")
    monkeypatch.setattr(plan, "assets_dir", lambda: Path("assets").absolute())
    assert run(None, None) == "animations/s0--d0.mp4"
    assert run(None, None, save_motion_template="m") == "m.safetensors"


def test_progress(run):
    reports = []
    run(output="r.mp4", flag_crop_driving_video=True, progress=lambda *report: reports.append(report))
    assert list(dict.fromkeys(stage for stage, _, _ in reports)) == [FINDING, READING, ANIMATING]
    assert [done for stage, done, total in reports if stage == ANIMATING and total == 10] == [*range(11), 10]


def test_frames_are_written_as_they_are_rendered(run, engine, monkeypatch):
    class Writer(module.VideoWriter):
        def write(self, rgb):
            engine.events.append(("write", 1))
            super().write(rgb)

    monkeypatch.setattr(module, "VideoWriter", Writer)
    run(output="r.mp4", batch_size=2)
    shown = [what for what, _ in engine.events if what != "prepare"]
    assert shown == ["render", *["write"] * 4] * 5  # two frames, each into the result and the side-by-side video


def test_a_failure_leaves_no_half_video(run, engine, monkeypatch):
    warp_decode, calls = engine.warp_decode, []

    def fail_late(*args):
        calls.append(args)
        if len(calls) > 2:
            raise RuntimeError("out of memory")
        return warp_decode(*args)

    monkeypatch.setattr(engine, "warp_decode", fail_late)
    with pytest.raises(RuntimeError, match="out of memory"):
        run(output="out/r.mp4")
    assert list(Path("out").iterdir()) == []
