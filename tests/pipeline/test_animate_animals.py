"""Animals from file to file: a picture, one or several drivers, and what lies beside the result."""

import logging
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, NoFaceError
from src.media.ffmpeg import FfmpegError
from src.media.picture import read_picture, write_picture
from src.media.video_reader import open_video
from src.motion.template import MotionTemplate, load_template, save_template
from src.pipeline.animate import animate
from src.pipeline.progress import silent
from tests.face.meshes import points_of_mesh

from .fake_animals import Asked, fur, warm
from .fakes import OUT, levels_of, motion_of
from .scenes import grey, make_video, middles, people, write_video

pytestmark = pytest.mark.usefixtures("here")

LEVELS = [60, 80, 100, 90]
EXPECTED = [127 + level - LEVELS[0] for level in LEVELS]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A source s.png with an animal; drivers p.mp4 with a person, a.mp4 with an animal, d.safetensors."""
    folder = tmp_path_factory.mktemp("animals")
    write_picture(folder / "s.png", fur(100, 200, 160))
    make_video(folder / "p.mp4", LEVELS)
    write_video(folder / "a.mp4", [fur(level) for level in LEVELS])
    save_template(MotionTemplate(motion_of(torch.tensor(LEVELS) / 255), 25, "fake"), folder / "d.safetensors")
    return folder


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture(params=[False, True], ids=["relatively", "absolutely"])
def engine(request, engine):
    engine.moves_absolutely = request.param
    return engine


@pytest.fixture
def run(files, engine, asked):
    def animated(driving="p.mp4", source="s.png", **options):
        def found(given):
            return str(files / given) if isinstance(given, str) else given

        driving = [found(one) for one in driving] if isinstance(driving, list) else found(driving)
        options = {"flag_stitching": False, "paste_unstitched": True, **options}
        args = ArgumentConfig(source=found(source), driving=driving, animals=True, **options)
        return animate(engine, asked.finders, args, silent)

    return animated


def close(levels):
    return pytest.approx(np.array(levels), abs=1.01)


# Files ----------------------------------------------------------------------------------------------------------------


def test_a_gif_comes_beside_the_video(run):
    result = run(output="out/r.mp4", concat=False)
    assert (result, result.gif, result.concat) == ("out/r.mp4", "out/r.gif", None)
    assert (result.n_frames, result.fps) == (4, 25)
    assert sorted(path.name for path in Path("out").iterdir()) == ["r.gif", "r.mp4"]
    gif = open_video(Path(result.gif))
    assert gif.size == (256, 205) and "gif" in result.report.stages
    shown = [middles(frame.rgb, 1)[0] for frame in gif]
    assert (shown[0], shown[-1]) == pytest.approx((EXPECTED[0], EXPECTED[-1]), abs=6)


def test_people_have_no_gif(files, engine, asked):
    args = ArgumentConfig(source=str(files / "s.png"), driving=str(files / "p.mp4"), output="r.mp4", concat=False)
    engine.moves_absolutely = False
    assert animate(engine, asked.finders, args, silent).gif is None
    assert [path.name for path in Path().iterdir()] == ["r.mp4"]


def test_a_gif_that_was_asked_for_is_the_only_one(run):
    result = run(output="r.gif", concat=False)
    assert (result, result.gif) == ("r.gif", "r.gif")
    assert [path.name for path in Path().iterdir()] == ["r.gif"]


def test_the_gif_is_logged_and_so_is_the_kind_of_motion(run, engine, caplog):
    with caplog.at_level(logging.INFO):
        run(output="r.mp4", concat=False)
    assert "animated GIF: 'r.gif'" in caplog.messages
    how = "absolute, as officially" if engine.moves_absolutely else "relative to the driver's first frame"
    assert f"animals with the model fake: motion is {how}, the face is pasted back" in caplog.messages
    assert any("animal in the source" in line and "fake animals" in line for line in caplog.messages)


# Motion ---------------------------------------------------------------------------------------------------------------


def pasted(written, n=1):
    return [middles(rgb, n) for rgb in written["r.mp4"].frames]


@pytest.fixture
def moved(run, written, monkeypatch):
    """Grey levels of the faces, frame by frame, without a video or GIF being made."""
    monkeypatch.setattr("src.pipeline.animate.write_gif", lambda video, path: None)

    def rendered(*args, n=1, **options):
        written.clear()
        run(*args, output="r.mp4", **{"concat": False, **options})
        return np.array(pasted(written, n))

    return rendered


def one_by_one(levels):
    return close(np.array(levels)[:, None])


@pytest.mark.parametrize("driving", ["p.mp4", "a.mp4", "d.safetensors"])
def test_the_animal_moves_as_its_driver(moved, written, driving):
    levels = moved(driving)
    assert levels == pytest.approx(np.array(EXPECTED)[:, None], abs=2.5)  # the videos are coded
    first = written["r.mp4"].frames[0]
    assert first.shape == (160, 200, 3)
    np.testing.assert_array_equal(first[:, :10], fur(100, 200, 160)[:, :10])  # pasted back into the picture


def test_the_multiplier_is_the_strength(moved):
    assert moved("d.safetensors", driving_multiplier=0.5) == one_by_one([127, 137, 147, 142])


def test_absolute_motion_knows_no_change_of_size(moved, engine, tmp_path):
    """Relative motion grows with the driver; the official animals keep their own size."""
    motion = motion_of(torch.full((2,), 0.2))
    motion.scale[1] = 1.5
    save_template(MotionTemplate(motion, 25, "fake"), tmp_path / "grows.safetensors")
    grown = float(motion.kp[0, :, 0].mean()) * 0.5 * 255
    assert abs(grown) > 5  # else the fake's keypoints tell nothing
    shift = 0 if engine.moves_absolutely else grown
    assert moved(str(tmp_path / "grows.safetensors")) == one_by_one([127, 127 + shift])


@pytest.mark.parametrize(
    "options",
    [
        {"flag_relative_motion": False},
        {"flag_normalize_lip": True},
        {"flag_eye_retargeting": True, "flag_lip_retargeting": True},
    ],
    ids=str,
)
def test_options_of_people_change_nothing(moved, options, caplog):
    assert moved("p.mp4", **options) == pytest.approx(np.array(EXPECTED)[:, None], abs=2.5)


def test_without_pasting_the_result_is_the_crop(moved, written):
    assert moved(paste_unstitched=False) == pytest.approx(np.array(EXPECTED)[:, None], abs=2.5)
    assert written["r.mp4"].frames[0].shape == (OUT, OUT, 3)


def test_stitching_pastes_back_too(moved, written, engine):
    moved(paste_unstitched=False, flag_stitching=True)
    assert written["r.mp4"].frames[0].shape == (160, 200, 3) and "stitch" in engine.heads.calls


def test_nothing_is_stitched_unless_asked_for(moved, engine):
    moved()
    assert engine.heads.calls == []


@pytest.mark.parametrize("on", [{"flag_do_crop": False}, {"flag_pasteback": False}], ids=str)
def test_no_crop_or_no_pasting(moved, written, on):
    assert moved(**on) == pytest.approx(np.array(EXPECTED)[:, None], abs=2.5)
    assert written["r.mp4"].frames[0].shape == (OUT, OUT, 3)


@pytest.fixture
def meshes(engine, monkeypatch):
    """The meshes that the engine is given, of the source first."""
    given, get_motion = [], engine.get_motion

    def noted(pictures, meshes=None, like=None):
        given.append(meshes)
        return get_motion(pictures, meshes, like)

    engine.reads_meshes = True
    monkeypatch.setattr(engine, "get_motion", noted)
    return given


def test_a_mesh_lies_where_the_animal_is_in_its_crop(moved, meshes):
    moved("d.safetensors", source_points="60,50 140,50 100,100 100,120")
    eyes = points_of_mesh(meshes[0][0])[:2]
    assert meshes[0].shape == (1, 478, 3) and np.abs(meshes[0][..., :2]).max() < 1
    assert eyes[0] == pytest.approx(eyes[1] * [-1, 1], abs=0.05)  # upright and in the middle


def test_a_whole_picture_has_the_animals_mesh_too(moved, meshes):
    """The engine would look for a person's."""
    moved("d.safetensors", flag_do_crop=False, source_points="60,50 140,50 100,100 100,120")
    expected = np.array([(60, 50), (140, 50), (100, 100), (100, 120)]) / [200, 160] * 2 - 1
    np.testing.assert_allclose(points_of_mesh(meshes[0][0]), expected, atol=0.01)


def test_all_animals_of_a_picture(moved):
    source = warm(people(100, 120))
    levels = moved("d.safetensors", source, n=2, faces="all")
    assert levels == close(np.array(EXPECTED)[:, None].repeat(2, 1))


def test_each_animal_its_own_driver(moved):
    still = np.stack([grey(60)] * 4)
    levels = moved(["d.safetensors", still], warm(people(100, 120)), n=2, faces="all")
    assert levels == close([[level, 127] for level in EXPECTED])


# Who is found ---------------------------------------------------------------------------------------------------------


def test_given_points_need_no_detector_of_animals(moved, asked):
    points = "60,50 140,50 100,100 100,120"
    assert moved("d.safetensors", grey(100, 200, 160), source_points=points) == one_by_one(EXPECTED)
    assert asked.made == []


def test_the_picture_is_cropped_around_given_points(moved, written):
    source = np.hstack([grey(100), grey(100)])
    moved("d.safetensors", source, source_points="176,50 208,50 192,70 192,80")
    changed = np.abs(written["r.mp4"].frames[2].astype(int) - source).max(axis=(0, 2)) > 10
    columns = np.flatnonzero(changed)
    assert columns.min() > 110 and columns.mean() == pytest.approx(192, abs=3)


@pytest.mark.parametrize(
    ("driving", "made"), [("p.mp4", ["person"]), ("a.mp4", ["person", "animal in clip"]), ("d.safetensors", [])]
)
def test_who_looks_at_the_driver(moved, engine, asked, driving, made):
    moved(driving)
    made = [] if engine.moves_absolutely else made  # officially square frames are taken as they are
    assert asked.made[0] == "animal" and list(dict.fromkeys(asked.made[1:])) == made


def test_a_person_is_refused_before_the_driver_is_read(run, asked):
    with pytest.raises(NoFaceError, match="shows a person and no animal"):
        run("p.mp4", grey(100))
    assert asked.in_clip.calls == 0 and list(Path().iterdir()) == []


def test_a_picture_without_anybody(run):
    with pytest.raises(NoFaceError, match="no animal's face found in the source"):
        run("p.mp4", grey(0))


def test_points_outside_of_the_picture_are_refused(run, asked):
    with pytest.raises(InputError, match="leave the picture of 128 x 128 pixels"):
        run("p.mp4", fur(100), source_points="60,50 140,50 100,100 100,120")
    assert list(Path().iterdir()) == []


# Templates ------------------------------------------------------------------------------------------------------------


def test_a_template_of_official_animals_holds_no_keypoints_and_no_openings(run, engine):
    result = run("p.mp4", output="r.mp4", concat=False, save_motion_template="m.safetensors")
    template = load_template(result.template)
    assert levels_of(template.motion) == pytest.approx(LEVELS, abs=2)
    assert template.model == "fake" and template.n_frames == 4
    assert template.motion.kp.isnan().all() == engine.moves_absolutely
    for ratio in (template.motion.eye_ratio, template.motion.lip_ratio):
        assert (ratio is None) == engine.moves_absolutely


def test_a_template_alone_has_the_official_keys(files, engine, asked):
    engine.keypoints = "base"
    args = ArgumentConfig(driving=str(files / "p.mp4"), save_motion_template="m.pkl", animals=True)
    result = animate(engine, asked.finders, args, silent)
    assert (result, result.gif) == ("m.pkl", None) and "animal" not in asked.made
    content = pickle.loads(Path("m.pkl").read_bytes())
    keys, frame_keys = {"n_frames", "output_fps", "motion"}, {"scale", "R", "exp", "t"}
    if not engine.moves_absolutely:
        keys, frame_keys = keys | {"c_eyes_lst", "c_lip_lst"}, frame_keys | {"kp", "x_s"}
    assert set(content) == keys and all(set(frame) == frame_keys for frame in content["motion"])


@pytest.mark.parametrize("name", ["m.safetensors", "m.pkl"])
def test_a_template_drives_as_its_video_does(moved, name):
    video = moved("p.mp4", save_motion_template=name)
    assert moved(str(Path(name).resolve())) == pytest.approx(video, abs=0.51)


def test_a_steadied_motion_stays_whole(moved):
    assert np.isfinite(moved("p.mp4", smooth=True)).all()


def test_no_keypoints_are_needed_where_frames_fall_between_those_of_the_driver(moved, files, engine, tmp_path):
    """Motion without keypoints is interpolated, too."""
    frames = [grey(60), grey(0), grey(100), grey(110)]
    video = write_video(tmp_path / "gap.mp4", frames)
    levels = moved(str(video), on_missing="interpolate")
    second = 127 - 60 if engine.moves_absolutely else 147  # officially every frame counts, whatever it shows
    assert levels == pytest.approx(np.array([[127], [second], [167], [177]]), abs=2.5)


def test_side_by_side(run, written, monkeypatch):
    monkeypatch.setattr("src.pipeline.animate.write_gif", lambda video, path: None)
    result = run(output="r.mp4")
    assert result.concat == "r_concat.mp4"
    rows = [middles(rgb, 3) for rgb in written["r_concat.mp4"].frames]
    assert [row[0] for row in rows] == pytest.approx(LEVELS, abs=3)
    assert [row[2] for row in rows] == pytest.approx(EXPECTED, abs=3)


def test_the_source_is_not_changed(run, files):
    before = read_picture(files / "s.png")
    run(output="r.mp4", concat=False)
    np.testing.assert_array_equal(read_picture(files / "s.png"), before)


def test_an_uncropped_picture_without_an_animal_is_refused_where_the_engine_needs_its_mesh(run, files, engine):
    write_picture(files / "grey.png", grey(100))
    engine.reads_meshes = True
    with pytest.raises(NoFaceError, match="shows a person and no animal"):
        run(source="grey.png", flag_do_crop=False)


def test_a_gif_that_cannot_be_made_leaves_the_result(run, monkeypatch, caplog):
    def broken(video, path):
        raise FfmpegError("ffmpeg failed: no palette")

    monkeypatch.setattr("src.pipeline.animate.write_gif", broken)
    result = run(output="r.mp4", concat=False)
    assert result.gif is None and Path("r.mp4").exists()
    assert "'r.gif' could not be made: ffmpeg failed: no palette" in caplog.messages


def test_retargeting_asks_nothing_of_an_animals_driver(run, files):
    write_video(files / "black.mp4", [grey(0)] * 3)
    assert run("black.mp4", flag_eye_retargeting=True, output="r.mp4").n_frames == 3


def test_the_gif_may_be_left_out(run):
    result = run(output="r.mp4", concat=False, gif=False)
    assert result.gif is None and [path.name for path in Path().iterdir()] == ["r.mp4"]


def test_the_points_are_logged_as_they_may_be_given(run, caplog):
    with caplog.at_level(logging.INFO):
        run(source=fur(100, 400, 320), source_max_dim=200)
    (line,) = [line for line in caplog.messages if line.startswith("animal in the source")]
    assert line.endswith("eyes, nose and mouth at 162,122 238,122 200,179 200,208")
