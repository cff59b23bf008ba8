"""Names and places of every kind, and one line for what cannot be used."""

import os
import re
import shutil
from pathlib import Path

import pytest

from src.cli.inference import main

from .sightings import frames_of
from .whole import error_of, snapshot

NAMES = ["my portrait", 'it\'s "mine"', "two\nlines", "größe 肖像 🙂", "-dash", "a; touch b", "100%d", "$HOME", "~x"]


@pytest.mark.parametrize("name", NAMES)
def test_names(run_odd, odd_media, capsys, name):
    shutil.copy(odd_media / "portrait.png", f"{name}.png")
    shutil.copy(odd_media / "d/one.mp4", f"{name}.mp4")
    code, out, err = run_odd(f"{name}.png", f"{name}.mp4", output_dir=f"{name} results")
    assert code == 0, err
    result = Path(f"{name} results") / f"{name}--{name}.mp4"
    assert out == f"{result}\n"
    assert sorted(path.name for path in result.parent.iterdir()) == sorted([result.name, f"{result.stem}_concat.mp4"])
    assert len(frames_of(result)) == 1
    code, _, err = run_odd(f"{name}.png", f"missing {name}.mp4")
    assert code == 1 and error_of(err).endswith("does not exist")


def test_a_folder_that_has_the_name_of_a_result(run_odd):
    Path("r.mp4").mkdir()
    code, out, _ = run_odd("portrait.png", "d/one.mp4", output="r.mp4", concat=False)
    assert (code, out) == (0, "r.mp4/portrait--one.mp4\n") and len(frames_of(out.strip())) == 1


def test_a_folder_that_may_not_be_written_to(run_odd, monkeypatch):
    (folder := Path("closed")).mkdir(mode=0o555)
    access = os.access  # root may write everywhere
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "closed" and access(path, mode))
    for options in ({"output": "closed/r.mp4"}, {"output_dir": "closed/new"}, {"report": "closed/r.json"}):
        code, out, err = run_odd("portrait.png", "d/one.mp4", **options)
        assert (code, out) == (1, "") and "nothing may be written to the folder" in error_of(err)
    assert not list(folder.iterdir())


# Refusals -------------------------------------------------------------------------------------------------------------


REFUSED = [
    ("tiny.png", {}, "no face found in the source '.*tiny.png'"),
    ("flat.png", {}, "no face found in the source '.*flat.png'"),
    ("tiny.mp4", {}, "no face found in the source '.*tiny.mp4'"),
    ("flat.mp4", {}, "no face found in the source '.*flat.mp4'"),
    ("faceless.mp4", {}, "no face found in the source '.*faceless.mp4'"),
    ("faceless.jpg", {}, "no face found in the source '.*faceless.jpg'"),
    ("empty.mp4", {}, "'.*empty.mp4' is empty"),
    ("text.gif", {}, "'.*text.gif' is a text file"),
    ("cut_alpha.png", {}, "'.*cut_alpha.png' is damaged"),
    ("cut_phone1.mp4", {}, "cut_phone1.mp4' .*(damaged|decoded)"),
    ("cut_still.gif", {}, "cut_still.gif' is damaged"),
    ("no_pictures", {}, "the folder '.*no_pictures' holds no pictures"),
    ("sizes", {}, "'.*frame_2.png' is 64x64, but the first picture of its folder is 256x300"),
    ("broken", {}, "'.*frame_2.png' is damaged"),
    ("portrait.png", {"driving": "tiny.png"}, "no face found in the driving '.*tiny.png'"),
    ("portrait.png", {"driving": "flat.mp4"}, "no face found in the driving '.*flat.mp4'"),
    ("portrait.png", {"driving": "faceless.mp4"}, "no face found in the driving '.*faceless.mp4'"),
    ("portrait.png", {"driving": "no_pictures"}, "the folder '.*no_pictures' holds no pictures"),
    ("portrait.png", {"driving": "sizes"}, "'.*frame_2.png' is 64x64"),
    ("portrait.png", {"driving": "broken"}, "'.*frame_2.png' is damaged"),
    ("portrait.png", {"driving": "empty.mp4"}, "'.*empty.mp4' is empty"),
    ("portrait.png", {"faces": "5"}, "--faces asks for face 5, but the source '.*portrait.png' shows 1 face"),
    ("moving.gif", {"faces": "5"}, "--faces asks for face 5, but the source '.*moving.gif' shows 1 face"),
    ("portrait.png", {"faces": "0,0"}, "--faces names a face twice"),
    ("portrait.png", {"faces": "best"}, "--faces must be largest, all, or numbers"),
    ("portrait.png", {"v2v": True}, "--v2v needs a video as source"),
    ("portrait.png", {"output_size": 99}, "--output_size must be even"),
    ("portrait.png", {"feather": 0}, "--feather must lie between 1 and 128"),
    ("portrait.png", {"report": "r.txt"}, "--report must name a .json file"),
    ("portrait.png", {"driving_smooth_observation_variance": 0}, "driving_smooth_observation_variance must be > 0"),
    ("portrait.png", {"motion_template": "d/one.mp4"}, "--motion_template '.*one.mp4' is a video"),
]


@pytest.mark.parametrize(("source", "options", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_refused(run_odd, odd_media, source, options, message):
    options = dict(options)
    if "motion_template" in options:
        options["motion_template"] = str(odd_media / options["motion_template"])
    code, out, err = run_odd(source, options.pop("driving", "d/plain.mp4"), output="r.mp4", **options)
    assert (code, out) == (1, "") and list(Path().iterdir()) == []
    assert re.search(message, error_of(err))


@pytest.mark.parametrize("faces", ["largest", "all", "0"])
def test_more_drivers_than_faces(run_odd, faces):
    code, out, err = run_odd("portrait.png", "d/one.mp4", "d/plain.mp4", output="r.mp4", faces=faces)
    assert (code, out) == (1, "") and "2 drivers" in error_of(err) and list(Path().iterdir()) == []


@pytest.mark.parametrize("words", [["--crf", "fine"], ["--animation_region", "nose"], ["--colour"], ["--output_size"]])
def test_values_that_do_not_parse(run_odd, capsys, words):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2 and "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("role", ["source", "driving"])
@pytest.mark.parametrize("name", ["own.gif", "own.mp4", "own/frame_3.gif"])
def test_the_output_is_an_input(run_odd, odd_media, role, name):
    shutil.copy(odd_media / "moving.gif", "own.gif")
    shutil.copy(odd_media / "phone1.mp4", "own.mp4")
    shutil.copytree(odd_media / "pictures", "own")
    shutil.copy(odd_media / "still.gif", "own/frame_3.gif")
    before, own = snapshot(Path()), Path(name).parts[0]
    given = (own, "d/moving.gif") if role == "source" else ("portrait.png", own)
    code, out, err = run_odd(*given, output=name, concat=False)
    assert (code, out) == (1, "") and "would overwrite its own input" in error_of(err)
    assert snapshot(Path()) == before
