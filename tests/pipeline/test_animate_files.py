"""Names of every kind, what is never overwritten, and what can be wrong with files and options."""

import shutil
from pathlib import Path

import pytest

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, MissingFileError, NoFaceError, TemplateError
from src.media.picture import write_picture
from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.pipeline.animate import animate
from src.pipeline.progress import silent

from .fakes import finders
from .scenes import grey

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize(
    "name", ["-dash.mp4", "two words.mp4", 'it\'s "quoted".mp4', "Übung 例え.mp4", "$(x)`y`;&.mp4", "100%d.mp4"]
)
def test_names_of_every_kind(run, media, tmp_path, name):
    shutil.copy(media / "d.mp4", tmp_path / name)
    shutil.copy(media / "s.png", tmp_path / f"{name}.png")
    result = run(
        name and tmp_path / name, tmp_path / f"{name}.png", output_dir=f"out {name}/", flag_crop_driving_video=True
    )
    assert result == f"out {name}/{name}--{Path(name).stem}.mp4" and has_audio(result) and has_audio(result.concat)
    assert open_video(Path(result)).n_frames == 10
    assert run(name and Path(name).absolute(), output=name.replace(".mp4", "r.mp4")) == name.replace(".mp4", "r.mp4")


@pytest.mark.parametrize("how", ["same", "link", "other spelling"])
def test_the_driver_is_never_overwritten(run, media, tmp_path, how):
    (tmp_path / "sub").mkdir()
    own = shutil.copy(media / "d.mp4", tmp_path / "own.mp4")
    Path("link.mp4").symlink_to("own.mp4")
    output = {"same": "own.mp4", "link": "link.mp4", "other spelling": "sub/../own.mp4"}[how]
    before = own.read_bytes()
    with pytest.raises(InputError, match="overwrite its own input"):
        run(own, output=output)
    assert own.read_bytes() == before and Path("link.mp4").is_symlink()
    with pytest.raises(InputError, match="overwrite its own input"):
        run(tmp_path / "link.mp4", output="own.mp4")


def test_the_source_is_never_overwritten(run, media, tmp_path):
    own = shutil.copy(media / "s.png", tmp_path / "own.png")
    before = own.read_bytes()
    with pytest.raises(InputError, match="overwrite its own input"):
        run("d.png", own, output="own.png")
    shutil.copy(own, "x_concat.png")
    with pytest.raises(InputError, match="overwrite its own input"):
        run("d.png", tmp_path / "x_concat.png", output="x.png")
    assert own.read_bytes() == before == Path("x_concat.png").read_bytes()


def test_source_and_driver_of_one_name(run, media, tmp_path):
    shutil.copy(media / "s.png", "same.png")
    shutil.copy(media / "d.mp4", "same.mp4")
    assert run(tmp_path / "same.mp4", tmp_path / "same.png", output_dir=".") == "same--same.mp4"


def test_a_replaced_suffix_does_not_overwrite_either(run, media, tmp_path):
    """--output same.jpg means same.mp4 for a video, and that is the driver."""
    own = shutil.copy(media / "d.mp4", tmp_path / "same.mp4")
    with pytest.raises(InputError, match="overwrite its own input"):
        run(own, output="same.jpg")


def test_an_earlier_result_is_replaced_by_a_whole_one(run):
    Path("r.mp4").write_text("old")
    assert open_video(Path(run(output="r.mp4"))).n_frames == 10


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"source": "none.jpg"}, MissingFileError, r"none\.jpg"),
        ({"driving": "none.mp4"}, MissingFileError, r"none\.mp4"),
        ({"source": "d.safetensors"}, InputError, r"source .*d\.safetensors. is a motion template"),
        ({"source": "tone.m4a"}, InputError, "no picture track"),
        ({"driving": "tone.m4a"}, InputError, "no picture track"),
        ({"crf": 99}, InputError, "crf"),
        ({"scale": 0.0}, InputError, "scale"),
        ({"batch_size": 0}, InputError, "batch_size"),
        ({"lip_retargeting_ratio": float("nan")}, InputError, "lip_retargeting_ratio"),
        ({"eyes_retargeting_ratio": -0.1}, InputError, "eyes_retargeting_ratio"),
        ({"driving": "d.safetensors", "flag_eye_retargeting": True}, InputError, "eye opening of the driver"),
        ({"save_motion_template": "m.txt"}, InputError, r"m\.txt"),
        ({"output": ""}, InputError, "--output is empty"),
        ({"save_motion_template": ""}, InputError, "--save_motion_template is empty"),
    ],
)
def test_what_can_be_wrong(run, options, error, message):
    with pytest.raises(error, match=message):
        run(**{"output": "r.mp4", **options})
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("option", ["source", "driving"])
def test_empty_names(engine, detector, media, option):
    args = ArgumentConfig(**{"source": str(media / "s.png"), "driving": str(media / "d.mp4"), option: ""})
    with pytest.raises(InputError, match=f"--{option} is empty"):
        animate(engine, finders(detector), args, silent)


def test_a_template_of_another_model(run, engine):
    engine.keypoints = "other"
    with pytest.raises(TemplateError, match="cannot drive 'other'"):
        run("d.safetensors")


def test_a_folder_that_cannot_be_made(run):
    Path("file").touch()
    for option in ({"output": "file/r.mp4"}, {"output_dir": "file/x"}):
        with pytest.raises(InputError, match="is no folder"):
            run(**option)


@pytest.mark.parametrize(
    "wrong",
    [{"crf": 99}, {"lip_retargeting_ratio": -1.0}, {"source": "black.png"}, {"driving": "none.mp4"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_mistakes_are_found_before_the_driver_is_read(run, engine, tmp_path, wrong):
    write_picture(tmp_path / "black.png", grey(0))
    if "source" in wrong:
        wrong = {"source": tmp_path / "black.png"}
    stages = set()
    with pytest.raises((InputError, MissingFileError)) as caught:
        run(progress=lambda stage, *_: stages.add(stage), **wrong)
    assert not stages and not engine.events
    assert isinstance(caught.value, NoFaceError) is ("source" in wrong)
