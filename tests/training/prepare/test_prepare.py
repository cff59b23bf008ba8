"""Whole folders: what is done, what is remembered, and what the index says of it."""

import json
import logging
import os
import re
import shutil

import cv2
import pytest

from src.errors import InputError, MissingFileError
from src.media.picture import write_picture
from src.training.data.index import read_index
from src.training.data.shot import Shot
from src.training.prepare import prepare as module
from src.training.prepare.options import LabelOptions, PrepareOptions, ShotOptions
from src.training.prepare.prepare import prepare
from src.training.prepare.records import Records
from tests.training.prepare.footage import frame, wall, write_video
from tests.training.prepare.in_process import prepare_here

DEFAULT = ShotOptions()


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("footage")
    write_picture(folder / "ann/1.png", frame())
    write_picture(folder / "ann/2.png", frame(turn=8))
    write_picture(folder / "bob/wall.png", wall())
    (folder / "bob/broken.jpg").write_bytes(b"\xff\xd8\xff" + bytes(100))
    write_video(folder / "bob/clip.mp4", [frame(240 + n) for n in range(9)], fps=30)
    (folder / "notes.txt").write_text("notes")
    return folder


@pytest.fixture
def run(footage, tmp_path, monkeypatch):
    """Prepares a copy of the footage in this process."""
    shutil.copytree(footage, tmp_path / "in")
    monkeypatch.setattr(module, "prepare_files", prepare_here)

    def run(shots: ShotOptions = DEFAULT, overwrite: bool = False, retry: bool = False, source: str = "in", **about):
        options = PrepareOptions(
            str(tmp_path / source), str(tmp_path / "data"), 1, overwrite, retry, shots, LabelOptions(**about)
        )
        return prepare(options), read_index(tmp_path / "data")

    return run


def test_a_folder(run, tmp_path, caplog):
    report, rows = run(licence="CC0", identity_from="folder", held_out=("bob",))
    assert [(row.source, row.kind, row.frames, row.identity, row.split) for row in rows] == [
        ("ann/1.png", "still", 1, "ann", "train"),
        ("ann/2.png", "still", 1, "ann", "train"),
        ("bob/clip.mp4", "clip", 9, "bob", "held_out"),
    ]
    assert {row.licence for row in rows} == {"CC0"} and [row.fps for row in rows] == [None, None, 30]
    for row in rows:
        with Shot(row.path(tmp_path / "data")) as shot:
            assert len(shot) == row.frames and shot.picture(0).shape == (row.size, row.size, 3)
    assert report.done == 5 and set(report.unusable) == {"bob/broken.jpg"} and set(report.others) == {"notes.txt"}
    assert report.empty == {"bob/wall.png": "no face"} and report.dropped() == {"no face": (1, 1)}
    assert any("broken.jpg" in record.message for record in caplog.records)
    written = json.loads((tmp_path / "data/prepare_report.json").read_text())
    assert written["shots"] == 3 and written["frames"] == {"seen": 12, "kept": 11}
    assert {entry["file"] for entry in written["incomplete"]} == {"bob/wall.png", "bob/broken.jpg"}


def test_a_second_call_does_what_is_missing(run, tmp_path):
    _, rows = run()
    write_picture(tmp_path / "in/ann/3.png", frame(turn=-8))
    write_picture(tmp_path / "in/ann/1.png", frame(200))
    (tmp_path / "in/ann/2.png").unlink()
    report, again = run()
    assert report.done == 2
    assert [row.source for row in again] == ["ann/1.png", "ann/3.png", "bob/clip.mp4"]
    assert again[0].name == rows[0].name and again[2] == rows[2]
    assert run()[0].done == 0 and run(overwrite=True)[0].done == 5


def test_labels_may_change_without_new_work(run, tmp_path):
    run()
    table = [{"file": "ann/1.png", "identity": "zoe", "licence": "MIT", "origin": "here", "face_px": 300}]
    (tmp_path / "labels.json").write_text(json.dumps(table))
    report, rows = run(labels=str(tmp_path / "labels.json"), held_out=("zoe",))
    assert report.done == 0
    assert (rows[0].identity, rows[0].licence, rows[0].origin, rows[0].face_px, rows[0].split) == (
        "zoe",
        "MIT",
        "here",
        300,
        "held_out",
    )
    assert (rows[1].identity, rows[1].split) == ("ann/2", "train")


def test_a_face_that_was_small_in_the_original(run, tmp_path):
    (tmp_path / "labels.csv").write_text("file,face_px\nann/1.png,79\nann/2.png,81\n")
    report, rows = run(labels=str(tmp_path / "labels.csv"))
    assert report.small == ["ann/1.png"] and report.done == 4
    assert [row.source for row in rows] == ["ann/2.png", "bob/clip.mp4"]


def test_what_a_user_may_not_expect_is_said(run, tmp_path, caplog):
    (tmp_path / "labels.csv").write_text("file,identity\nann/1.png,ann\n")
    caplog.set_level(logging.INFO)
    run(labels=str(tmp_path / "labels.csv"), held_out=("ann", "nobody"))
    (tmp_path / "in/ann/2.png").unlink()
    run()
    said = "\n".join(record.message for record in caplog.records)
    assert "4 files have no label: ann/2.png, bob/" in said and "--held_out: nobody" in said
    assert "4 files are ready already" in said and "1 files of earlier runs are no longer in the input" in said


def test_a_run_that_was_stopped_leaves_an_index_of_what_is_ready(run, tmp_path, monkeypatch, caplog):
    def stops(folder, options, sources, workers):
        yield from prepare_here(folder, options, sources[:2], workers)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "prepare_files", stops)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert re.search(r"left after 2 of \d files: the same command goes on", caplog.text)
    ready = read_index(tmp_path / "data")
    report, rows = run()
    assert report.done == 3 and set(ready) < set(rows) and len(rows) == 3


def test_other_options_need_another_folder(run):
    run()
    with pytest.raises(InputError, match="--size was 288, now 144"):
        run(ShotOptions(size=144))
    _, rows = run(ShotOptions(size=144), overwrite=True)
    assert {row.size for row in rows} == {144}


def test_who_is_who_must_be_said_before_a_share_is_held_out(run, tmp_path):
    with pytest.raises(InputError, match=r"--identity_from folder .* --identity_from file .* --labels"):
        run(held_out_share=0.5)
    (tmp_path / "labels.csv").write_text("file,identity,licence\nann/1.png,ann,\nann/2.png,,MIT\n")
    with pytest.raises(InputError, match=r"4 files .*ann/2\.png.*--identity_from folder"):
        run(held_out_share=0.5, labels=str(tmp_path / "labels.csv"))
    assert not (tmp_path / "data").exists()
    _, rows = run(held_out_share=1.0, identity_from="folder")
    assert {(row.identity, row.split) for row in rows} == {("ann", "held_out"), ("bob", "held_out")}
    assert {row.split for row in run(held_out_share=1.0, identity_from="file")[1]} == {"held_out"}


def test_people_of_one_file_are_told_apart_and_held_out_together(run, tmp_path):
    write_picture(tmp_path / "in/two/a.png", cv2.hconcat([frame(face=100), frame(face=130)]))
    _, rows = run(ShotOptions(faces=2), identity_from="folder", held_out=("two",))
    assert sorted((row.identity, row.split) for row in rows if row.source == "two/a.png") == [
        ("two#0", "held_out"),
        ("two#1", "held_out"),
    ]
    assert {row.identity for row in rows if row.source != "two/a.png"} == {"ann", "bob"}


def test_what_could_not_be_read_is_tried_again_when_asked(run, caplog):
    assert run()[0].done == 5
    caplog.set_level(logging.INFO)
    assert run()[0].done == 0 and "1 files could not be read by an earlier run" in caplog.text
    assert "--retry" in caplog.text
    assert run(retry=True)[0].done == 1


def test_a_second_input_does_not_take_the_place_of_the_first(run, tmp_path):
    _, rows = run()
    shutil.copytree(tmp_path / "in/ann", tmp_path / "more")
    with pytest.raises(InputError, match=r"was made from '.*in'"):
        run(source="more")
    assert read_index(tmp_path / "data") == rows
    (tmp_path / "in").rename(tmp_path / "moved")
    report, again = run(source="moved")
    assert report.done == 0 and again == rows


def test_a_run_beside_this_one_is_refused(run, tmp_path):
    run()
    before = (tmp_path / "data/index.csv").read_bytes()
    with Records(tmp_path / "data").hold(), pytest.raises(InputError, match="another run is at work"):
        run(overwrite=True)
    assert (tmp_path / "data/index.csv").read_bytes() == before


def test_crops_of_an_odd_side_are_told_of(run, tmp_path, caplog):
    shutil.rmtree(tmp_path / "in/bob")
    for path, side in (("ann/1.png", 288), ("ann/2.png", 512)):
        crop = frame(240, 170, face=112)[10:298, 96:384]
        write_picture(tmp_path / "in" / path, cv2.resize(crop, (side, side)))
    run(ShotOptions(cropped=True))
    (message,) = [record.message for record in caplog.records if "288" in record.message]
    assert "1 files are not 288 pixels wide (512: 1)" in message and "middle 8/9" in message


def test_the_small_ones_are_not_searched_for_again_and_again(run, tmp_path, monkeypatch):
    """The list of small files took the square of the number of files."""
    hashes = []
    digest = module.Source.__hash__
    monkeypatch.setattr(module.Source, "__hash__", lambda self: hashes.append(1) or digest(self))
    for number in range(50):
        os.link(tmp_path / "in/bob/broken.jpg", tmp_path / f"in/bob/{number}.jpg")
    run()
    assert len(hashes) < 10 * 55


def said(caplog):
    """What was logged since the last time it was asked for."""
    text = caplog.text
    caplog.clear()
    return text


def sides(rows):
    return {row.source: row.split for row in rows}


def test_who_is_held_out_is_remembered(run, tmp_path, caplog, monkeypatch):
    """A second call without a word of it moved people who were held out into the training."""
    caplog.set_level(logging.INFO)
    _, rows = run(identity_from="folder", held_out=("ann", "bob"))
    assert "run before" not in said(caplog) and set(sides(rows).values()) == {"held_out"}
    write_picture(tmp_path / "in/ann/3.png", frame(turn=-8))
    _, again = run(licence="CC0")
    assert sides(again) == sides(rows) | {"ann/3.png": "held_out"} and {row.licence for row in again} == {"CC0"}
    text = said(caplog)
    assert "by the run before: --identity_from folder --held_out ann bob" in text and "become training" not in text
    _, other = run(identity_from="folder", held_out=("bob",))
    assert {name for name, split in sides(other).items() if split == "held_out"} == {"bob/clip.mp4"}
    text = said(caplog)
    assert "1 identities with 3 shots were held out so far and become training data: ann" in text
    assert sides(run()[1]) == sides(other) and "--held_out bob" in said(caplog)
    _, nobody = run(identity_from="file")
    assert set(sides(nobody).values()) == {"train"} and "become training data: bob" in said(caplog)


def test_a_share_and_a_table_are_remembered(run, tmp_path, monkeypatch, caplog):
    names = ("ann/1.png", "ann/2.png", "bob/wall.png", "bob/broken.jpg", "bob/clip.mp4")
    (tmp_path / "labels.csv").write_text("file,identity\n" + "".join(f"{name},{name[0]}\n" for name in names))
    monkeypatch.chdir(tmp_path)
    _, rows = run(labels="labels.csv", held_out_share=0.5, seed=3)
    monkeypatch.chdir(tmp_path / "in")  # where no such table is
    assert run()[1] == rows
    (tmp_path / "labels.csv").unlink()
    with pytest.raises(MissingFileError, match="--labels"):
        run()


def test_an_older_folder_remembers_nothing_but_warns(run, tmp_path, caplog):
    run(identity_from="folder", held_out=("ann",))
    (tmp_path / "data/.state/split.json").unlink()
    run()
    assert "1 identities with 2 shots were held out so far and become training data: ann" in caplog.text


def test_a_killed_run_has_said_who_is_held_out(run, tmp_path, monkeypatch, caplog):
    """A repeated command without options trained on the people that the killed one held out."""
    run(identity_from="folder", held_out=("ann",))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "write_index", killed)  # the first thing to be written after the work
        with pytest.raises(KeyboardInterrupt):
            run(held_out=("bob",))
    said(caplog)
    assert {name for name, side in sides(run()[1]).items() if side == "held_out"} == {"bob/clip.mp4"}
    assert "become training data: ann" in said(caplog)  # since the index was still that of the first run


def test_each_option_is_remembered_by_itself(run, caplog):
    caplog.set_level(logging.INFO)
    run(identity_from="folder", held_out=("ann",), held_out_share=1.0, seed=3)
    said(caplog)
    _, rows = run(held_out_share=0.0)
    assert [row.split for row in rows] == ["held_out", "held_out", "train"]
    text = said(caplog)
    assert (
        "by the run before: --identity_from folder --held_out ann --seed 3 (" in text and "training data: bob" in text
    )
    _, rows = run(held_out=())
    assert {row.split for row in rows} == {"train"} and {row.identity for row in rows} == {"ann", "bob"}
    assert "by the run before: --identity_from folder --seed 3 (" in said(caplog)
    _, rows = run(held_out_share=1.0)  # for which it must be known who is who: it is
    assert {row.split for row in rows} == {"held_out"}


def test_the_memory_is_read_when_the_folder_is_held(run, tmp_path, monkeypatch):
    """Another run may say something else until then."""
    run(identity_from="folder", held_out=("ann",))
    hold = Records.hold

    def held(records):
        records.keep_split(LabelOptions(identity_from="folder", held_out=("bob",)))
        return hold(records)

    monkeypatch.setattr(Records, "hold", held)
    assert {name for name, side in sides(run()[1]).items() if side == "held_out"} == {"bob/clip.mp4"}


def test_a_damaged_memory_ends_the_run_before_anything_changes(run, tmp_path):
    run(identity_from="folder", held_out=("ann",))
    (tmp_path / "data/.state/split.json").write_text('{"held_out": 5}')
    before = (tmp_path / "data/index.csv").read_bytes()
    with pytest.raises(InputError, match=r"split\.json'.*damaged \(held_out is 5\): remove it and say again"):
        run()
    assert (tmp_path / "data/index.csv").read_bytes() == before
    assert {row.split for row in run(overwrite=True)[1]} == {"train"}


def test_files_that_moved_do_not_hide_who_leaves(run, tmp_path, caplog):
    run(identity_from="folder", held_out=("ann",))
    for number in "12":
        (tmp_path / f"in/ann/{number}.png").rename(tmp_path / f"in/ann/moved_{number}.png")
    run(held_out=())
    assert "1 identities with 2 shots were held out so far and become training data: ann" in caplog.text


def test_overwriting_begins_afresh(run, caplog):
    run(identity_from="folder", held_out=("ann",))
    _, rows = run(overwrite=True)
    assert {row.split for row in rows} == {"train"} and {row.identity for row in rows} > {"ann/1"}
    assert {row.split for row in run()[1]} == {"train"} and "become training data" not in caplog.text


def test_a_name_that_no_file_has_is_answered_by_those_there_are(run, tmp_path, caplog):
    run(held_out=("ann",))
    text = said(caplog)
    assert "--held_out: ann; by --identity_from file there are 5 identities: ann/1, ann/2, bob/broken" in text
    assert "--identity_from folder takes" in text
    (tmp_path / "labels.csv").write_text("file,identity\nann/1.png,Ann\n")
    run(held_out=("ann",), labels=str(tmp_path / "labels.csv"), identity_from="folder")
    assert "no file shows" not in said(caplog)
    run(held_out=("Bob",))
    text = said(caplog)
    assert "by --labels and --identity_from folder there are 3 identities: Ann, ann, bob" in text
    assert "--identity_from folder takes" not in text
    names = ("ann/1.png", "ann/2.png", "bob/wall.png", "bob/broken.jpg", "bob/clip.mp4")
    (tmp_path / "labels.csv").write_text("file,identity\n" + "".join(f"{name},{name[0]}\n" for name in names))
    run(held_out=("Bob",), identity_from="file")
    text = said(caplog)
    assert "by --labels there are 2 identities: a, b" in text and "--identity_from folder takes" not in text
    assert {row.identity for row in run(labels="")[1]} == {"ann/1", "ann/2", "bob/clip"}  # no table any more
    assert "labels.csv" not in said(caplog)
    for number in range(8):
        os.link(tmp_path / "in/bob/broken.jpg", tmp_path / f"in/bob/{number}.jpg")
    run(overwrite=True, held_out=("ann",))
    assert "13 identities" in caplog.text and "bob/7 and 3 more" in caplog.text


def test_nobody_to_measure(run, caplog):
    run(held_out_share=1e-9, identity_from="folder")
    assert "0 of 2 identities are held out, so evaluate.py has nothing" in said(caplog)
    run(held_out=("ann",), identity_from="folder")
    assert "1 of 2 identities are held out, none of them with a clip" in said(caplog)
    run(held_out=("bob",), identity_from="folder")
    assert "nothing to measure" not in said(caplog)


def test_in_several_processes(run, tmp_path, footage, monkeypatch):
    _, rows = run()
    monkeypatch.undo()
    options = PrepareOptions(str(footage), str(tmp_path / "other"), workers=2)
    report = prepare(options)
    assert report.done == 5 and read_index(tmp_path / "other") == rows


@pytest.mark.parametrize(
    ("shots", "about", "workers", "message"),
    [
        ({"size": 32}, {}, 1, "--size must be 64 to 1024, got 32"),
        ({"faces": 0}, {}, 1, "--faces must be 1 or more"),
        ({"faces": 2, "cropped": True}, {}, 1, "--faces 2 needs full frames"),
        ({"max_frames": -1}, {}, 1, "--max_frames must be 0 or more"),
        ({"longest": 4}, {}, 1, "--longest 4 is less than --least_frames 8"),
        ({"least_flag": 0.2}, {}, 1, "--least_flag must be 0.5 to 1"),
        ({"least_sharpness": float("nan")}, {}, 1, "--least_sharpness must be 0 or more"),
        ({}, {"held_out_share": 1.5}, 1, "--held_out_share must be 0 to 1"),
        ({}, {}, 0, "--workers must be 1 or more"),
    ],
)
def test_options_that_are_refused(tmp_path, shots, about, workers, message):
    options = PrepareOptions(
        str(tmp_path), str(tmp_path / "data"), workers, shots=ShotOptions(**shots), about=LabelOptions(**about)
    )
    with pytest.raises(InputError, match=message):
        prepare(options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "../here", "link"])
def test_shots_among_the_footage_are_refused(tmp_path, name):
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "a.png").touch()
    (folder / "link").symlink_to(folder)
    with pytest.raises(InputError, match="is --input itself: give another folder"):
        prepare(PrepareOptions(str(folder), str(folder / name)))
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "link"]


def test_input_of_no_use(tmp_path):
    with pytest.raises(InputError, match="holds no video and no picture"):
        prepare(PrepareOptions(str(tmp_path), str(tmp_path / "data")))
    with pytest.raises(MissingFileError, match="does not exist"):
        prepare(PrepareOptions(str(tmp_path / "none"), str(tmp_path / "data")))
