from pathlib import Path

import pytest

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, MissingFileError, TemplateError
from src.motion.transfer_options import TransferOptions
from src.pipeline.output_paths import OutputPaths
from src.pipeline.plan import plan_run


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def plan(media, source="s.png", driving="d.mp4", **options):
    args = ArgumentConfig(source=source and str(media / source), driving=str(media / driving), **options)
    return plan_run(args)


@pytest.mark.parametrize(
    ("driving", "suffix"),
    [("d.mp4", ".mp4"), ("d.gif", ".mp4"), ("d.safetensors", ".mp4"), ("d.png", ".jpg"), ("still.safetensors", ".jpg")],
)
def test_the_driver_decides_the_kind_of_result(media, driving, suffix):
    planned = plan(media, driving=driving)
    stem = f"animations/s--{Path(driving).stem}"
    assert planned.outputs == OutputPaths(Path(f"{stem}{suffix}"), Path(f"{stem}_concat{suffix}"))
    assert (planned.source, planned.driving, planned.template) == (media / "s.png", media / driving, None)


def test_a_folder_of_pictures_drives(media, tmp_path):
    (tmp_path / "frames").mkdir()
    assert plan(media, driving=tmp_path / "frames").outputs.result == Path("animations/s--frames.mp4")


def test_template_only(media):
    planned = plan(media, source=None, save_motion_template="sub/m")
    assert planned.source is None and planned.outputs is None and planned.template == Path("sub/m.safetensors")


def test_transfer_options(media):
    assert plan(media).transfer == TransferOptions()
    assert plan(media, animation_region="lip").transfer == TransferOptions(animation_region="lip")


def test_nothing_is_made(media, tmp_path):
    plan(media, output="a/b/r.mp4", save_motion_template="c/m")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"source": "none.jpg"}, MissingFileError, r"none\.jpg"),
        ({"driving": "none.mp4"}, MissingFileError, r"none\.mp4"),
        ({"source": "d.mp4"}, InputError, "is a video"),
        ({"crf": 99}, InputError, "--crf"),
        ({"driving_multiplier": float("nan")}, InputError, "driving_multiplier"),
        ({"output": "file/r.mp4"}, InputError, "file' is no folder"),
        ({"output": "folder.mp4/r.mp4", "output_dir": "file"}, InputError, "'file/r_concat.mp4'|file' is no folder"),
        ({"save_motion_template": "file/m"}, InputError, "file' is no folder"),
        ({"save_motion_template": "m.txt"}, InputError, r"m\.txt"),
        ({"driving": "cut.safetensors"}, TemplateError, r"cut\.safetensors"),
    ],
)
def test_what_can_be_known_beforehand(media, tmp_path, options, error, message):
    Path("file").touch()
    if options.get("driving") == "cut.safetensors":
        (tmp_path / "cut.safetensors").write_bytes((media / "d.safetensors").read_bytes()[:100])
        options = {"driving": tmp_path / "cut.safetensors"}
    with pytest.raises(error, match=message):
        plan(media, **options)


def test_the_folder_here_has_a_name(media, tmp_path, monkeypatch):
    (tmp_path / "frames").mkdir()
    monkeypatch.chdir(tmp_path / "frames")
    assert plan_run(ArgumentConfig(source=str(media / "s.png"), driving=".")).outputs.result.name == "s--frames.mp4"


def test_a_template_never_replaces_the_one_it_is_made_from(media):
    with pytest.raises(InputError, match="would overwrite the driving"):
        plan(media, driving="d.safetensors", save_motion_template=str(media / "d.safetensors"))
