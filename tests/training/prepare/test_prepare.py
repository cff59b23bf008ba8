"""Whole folders: what is done, what is remembered, and what the index says of it."""

import json
import logging
import os
import re
import shutil

import cv2
import pytest

from src.errors import InputError
from src.media.picture import write_picture
from src.training.data.index import read_index
from src.training.data.shot import Shot
from src.training.prepare import prepare as module
from src.training.prepare.options import PrepareOptions, ShotOptions
from src.training.prepare.prepare import prepare
from src.training.prepare.records import Records
from tests.training.prepare.footage import frame
from tests.training.prepare.in_process import prepare_here


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


def test_in_several_processes(run, tmp_path, footage, monkeypatch):
    _, rows = run()
    monkeypatch.undo()
    options = PrepareOptions(str(footage), str(tmp_path / "other"), workers=2)
    report = prepare(options)
    assert report.done == 5 and read_index(tmp_path / "other") == rows
