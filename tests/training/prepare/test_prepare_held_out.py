"""Who is held out, as a folder remembers it from run to run."""

import logging
import os

import pytest

from src.errors import InputError, MissingFileError
from src.media.picture import write_picture
from src.training.prepare import prepare as module
from src.training.prepare.options import LabelOptions
from src.training.prepare.records import Records
from tests.training.prepare.footage import frame


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
