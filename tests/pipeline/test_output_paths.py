from pathlib import Path

import numpy as np
import pytest

from src.config.options import OutputOptions
from src.errors import InputError
from src.media.picture import write_picture
from src.pipeline.output_paths import OutputPaths, check_outputs, output_paths


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Works in an empty folder; folders "made" and "made.mp4" exist."""
    monkeypatch.chdir(tmp_path)
    Path("made").mkdir()
    Path("made.mp4").mkdir()


# output, output_dir -> result and concat; for a video "s" moved by "d"
VIDEO = [
    (None, None, "animations/s--d.mp4", "animations/s--d_concat.mp4"),
    (None, "out", "out/s--d.mp4", "out/s--d_concat.mp4"),
    (None, "out/", "out/s--d.mp4", "out/s--d_concat.mp4"),
    (None, "a.b/v1.2", "a.b/v1.2/s--d.mp4", "a.b/v1.2/s--d_concat.mp4"),
    (None, "made.mp4", "made.mp4/s--d.mp4", "made.mp4/s--d_concat.mp4"),
    (None, "r.mp4", "r.mp4", "r_concat.mp4"),
    (None, "x/r.mp4", "x/r.mp4", "x/r_concat.mp4"),
    (None, "r.mp4/", "r.mp4/s--d.mp4", "r.mp4/s--d_concat.mp4"),
    ("r.mp4", None, "r.mp4", "r_concat.mp4"),
    ("x/y/r.mp4", None, "x/y/r.mp4", "x/y/r_concat.mp4"),
    ("/x/r.MP4", None, "/x/r.MP4", "/x/r_concat.MP4"),
    ("x/r.mp4", "out", "x/r.mp4", "out/r_concat.mp4"),
    ("made", None, "made/s--d.mp4", "made/s--d_concat.mp4"),
    ("made.mp4", None, "made.mp4/s--d.mp4", "made.mp4/s--d_concat.mp4"),
    ("new", None, "new/s--d.mp4", "new/s--d_concat.mp4"),
    ("new/", None, "new/s--d.mp4", "new/s--d_concat.mp4"),
    ("new.mp4/", None, "new.mp4/s--d.mp4", "new.mp4/s--d_concat.mp4"),
    (".", None, "s--d.mp4", "s--d_concat.mp4"),
    ("r.mov", None, "r.mov", "r_concat.mov"),
    ("r.webm", None, "r.webm", "r_concat.webm"),
    ("r.gif", None, "r.gif", "r_concat.gif"),
    ("a.b.mp4", None, "a.b.mp4", "a.b_concat.mp4"),
    ("-r.mp4", None, "-r.mp4", "-r_concat.mp4"),
    ("a \"b\" 'ü'.mp4", None, "a \"b\" 'ü'.mp4", "a \"b\" 'ü'_concat.mp4"),
]
REPLACED = [
    ("r.jpg", True, "r.mp4", "r_concat.mp4"),
    ("x/s1.PNG", True, "x/s1.mp4", "x/s1_concat.mp4"),
    ("r.mp4", False, "r.jpg", "r_concat.jpg"),
    ("x/r.gif", False, "x/r.jpg", "x/r_concat.jpg"),
]


def options(output=None, output_dir=None, **more):
    return OutputOptions(output=output, **({} if output_dir is None else {"output_dir": output_dir}), **more)


@pytest.mark.parametrize(("output", "output_dir", "result", "concat"), VIDEO)
def test_names_of_a_video(output, output_dir, result, concat):
    paths = output_paths(options(output, output_dir), "s", "d", is_video=True)
    assert paths == OutputPaths(Path(result), Path(concat)) and not paths.remarks


@pytest.mark.parametrize(
    ("output", "result", "concat"),
    [
        (None, "animations/s--d.jpg", "animations/s--d_concat.jpg"),
        ("r.png", "r.png", "r_concat.png"),
        ("x/r.JPEG", "x/r.JPEG", "x/r_concat.JPEG"),
        ("made", "made/s--d.jpg", "made/s--d_concat.jpg"),
    ],
)
def test_names_of_a_picture(output, result, concat):
    assert output_paths(options(output), "s", "d", is_video=False) == OutputPaths(Path(result), Path(concat))


@pytest.mark.parametrize(("output", "is_video", "result", "concat"), REPLACED)
def test_a_suffix_of_the_other_kind_is_replaced_with_a_remark(output, is_video, result, concat):
    paths = output_paths(options(output), "s", "d", is_video)
    assert paths == OutputPaths(Path(result), Path(concat))
    (remark,) = paths.remarks
    assert f"'{result}' is written instead of '{Path(output).name}'" in remark


def test_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert output_paths(options("~/r.mp4"), "s", "d", True).result == tmp_path / "r.mp4"
    assert output_paths(options(output_dir="~/x"), "s", "d", True).result == tmp_path / "x/s--d.mp4"


def test_path_objects():
    paths = output_paths(options(Path("x/r.mp4"), Path("out")), "s", "d", True)
    assert paths == OutputPaths(Path("x/r.mp4"), Path("out/r_concat.mp4"))


def test_without_concat():
    assert output_paths(options("r.mp4", concat=False), "s", "d", True).concat is None


@pytest.mark.parametrize("wrong", [{"output": ""}, {"output_dir": ""}])
def test_an_empty_name_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(InputError, match=f"--{name} is empty"):
        output_paths(options(**wrong), "s", "d", True)


@pytest.mark.parametrize("long", ["output", "source"])
def test_a_name_that_is_too_long_is_refused(long):
    output, source = ("x" * 300 + ".mp4", "s") if long == "output" else (None, "s" * 300)
    with pytest.raises(InputError, match="too long"):
        output_paths(options(output), source, "d", True)


def test_a_result_never_replaces_its_input(tmp_path):
    for name in ("s.mp4", "r_concat.mp4", "other.mp4"):
        Path(name).touch()
    Path("link.mp4").symlink_to("s.mp4")
    inputs = [Path("s.jpg"), Path("s.mp4")]
    for output in ("s.mp4", "./made/../s.mp4", str(tmp_path / "s.mp4"), "link.mp4"):
        paths = output_paths(options(output, concat=False), "s", "d", True)
        with pytest.raises(InputError, match=r"overwrite its own input .*choose another --output"):
            check_outputs(paths, inputs)
    with pytest.raises(InputError, match="overwrite"):
        check_outputs(output_paths(options("s.mp4"), "s", "d", True), [Path("link.mp4")])
    check_outputs(output_paths(options("other.mp4"), "s", "d", True), inputs)


def test_a_result_never_replaces_a_frame_of_its_input(tmp_path):
    Path("frames").mkdir()
    write_picture("frames/1.png", np.zeros((4, 4, 3), np.uint8))
    Path("frames/note.png").write_text("no picture")
    Path("link").symlink_to("frames")
    for output in ("frames/1.png", "link/1.png"):
        with pytest.raises(InputError, match="overwrite its own input"):
            check_outputs(output_paths(options(output), "s", "d", False), [Path("frames")])
    for output in ("frames/2.png", "frames/note.png"):
        check_outputs(output_paths(options(output), "s", "d", False), [Path("frames")])


def test_the_side_by_side_version_counts_only_if_it_is_made():
    inputs = [Path("r_concat.mp4")]
    check_outputs(output_paths(options("r.mp4", concat=False), "s", "d", True), inputs)
    with pytest.raises(InputError, match="overwrite"):
        check_outputs(output_paths(options("r.mp4"), "s", "d", True), inputs)


def test_an_unknown_suffix_is_refused_for_a_result_but_not_for_a_folder():
    with pytest.raises(InputError, match=r"ends in \.wmv: use one of"):
        output_paths(options("r.wmv"), "s", "d", True)
    assert output_paths(options(None, "take.2"), "s", "d", True).result == Path("take.2/s--d.mp4")
    assert output_paths(options("take.2/"), "s", "d", True).result == Path("take.2/s--d.mp4")


def test_a_folder_named_like_the_default_counts_as_given():
    paths = output_paths(options("x/r.mp4", "animations/"), "s", "d", True)
    assert (paths.result, paths.concat) == (Path("x/r.mp4"), Path("animations/r_concat.mp4"))


def test_a_hard_link_to_an_input_is_not_overwritten(tmp_path):
    (tmp_path / "d.mp4").write_bytes(b"0")
    (tmp_path / "same.mp4").hardlink_to(tmp_path / "d.mp4")
    with pytest.raises(InputError, match="overwrite"):
        check_outputs(output_paths(options(str(tmp_path / "same.mp4")), "s", "d", True), [tmp_path / "d.mp4"])


def test_places_are_checked_without_making_them(tmp_path):
    check_outputs(output_paths(options(str(tmp_path / "new/r.mp4")), "s", "d", True), [])
    assert not (tmp_path / "new").exists()
    (tmp_path / "r.mp4").mkdir()
    (tmp_path / "file").touch()
    for path in ("file/r.mp4", "file/x/r.mp4"):
        with pytest.raises(InputError, match=r"cannot be written: .*file' is no folder"):
            check_outputs(output_paths(options(str(tmp_path / path)), "s", "d", True), [])


# The GIF beside an animal's video -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "is_video", "gif"),
    [
        (None, True, "animations/s--d.gif"),
        ("x/r.mp4", True, "x/r.gif"),
        ("x/r.MOV", True, "x/r.gif"),
        ("a.b.webm", True, "a.b.gif"),
        ("-r.mp4", True, "-r.gif"),
        ("r.jpg", True, "r.gif"),  # the result is r.mp4
        ("new/", True, "new/s--d.gif"),
        ("r.gif", True, None),
        ("r.GIF", True, None),
        (None, False, None),
        ("r.png", False, None),
        ("r.gif", False, None),  # the result is r.jpg
    ],
)
def test_names_of_the_gif(output, is_video, gif):
    assert output_paths(options(output), "s", "d", is_video, with_gif=True).gif == (gif and Path(gif))
    assert output_paths(options(output), "s", "d", is_video).gif is None


def test_the_gif_lies_beside_the_result_and_not_beside_the_side_by_side_video():
    paths = output_paths(options("x/r.mp4", "out"), "s", "d", True, with_gif=True)
    assert paths == OutputPaths(Path("x/r.mp4"), Path("out/r_concat.mp4"), Path("x/r.gif"))


def test_a_name_too_long_for_the_gif_is_refused():
    with pytest.raises(InputError, match="too long"):
        output_paths(options(f"{'x' * 252}.mp4"), "s", "d", True, with_gif=True)


def test_the_gif_never_replaces_an_input():
    Path("r.gif").touch()
    check_outputs(output_paths(options("r.mp4"), "s", "d", True), [Path("r.gif")])
    with pytest.raises(InputError, match=r"overwrite its own input 'r\.gif': choose another --output"):
        check_outputs(output_paths(options("r.mp4"), "s", "d", True, with_gif=True), [Path("r.gif")])
    Path("s.gif").symlink_to("r.gif")
    with pytest.raises(InputError, match=r"overwrite its own input 's\.gif'"):
        check_outputs(output_paths(options("s.mp4"), "s", "d", True, with_gif=True), [Path("r.gif")])


def test_the_gifs_place_is_checked():
    Path("r.gif").mkdir()
    with pytest.raises(InputError, match=r"r\.gif"):
        check_outputs(output_paths(options("r.mp4"), "s", "d", True, with_gif=True), [])
