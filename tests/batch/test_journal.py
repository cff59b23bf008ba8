import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from src.batch.journal import Journal
from src.batch.record import Record
from src.errors import InputError

ONE = Record(1, "/x.png", ("/a.mp4",), "/1.mp4", "done", None, (), 3, 0.5, "compact-1", "abc", "2026-01-01T00:00:00")
TWO = replace(ONE, row=2, output="/2.mp4", status="failed", error="no face", warnings=("dark",))


@pytest.fixture
def opened(tmp_path):
    """Opens the journal anew every time, as later runs do."""
    journals = []

    def opened():
        for journal in journals:
            journal.close()
        journals.append(Journal(tmp_path / "sub/j.jsonl"))
        return journals[-1]

    yield opened
    journals[-1].close()


def test_what_was_written_is_read(opened, tmp_path):
    journal = opened()
    journal.append(ONE)
    journal.append(TWO)
    lines = (tmp_path / "sub/j.jsonl").read_text().splitlines()  # flushed, though the file is open
    assert [json.loads(line)["row"] for line in lines] == [1, 2]
    assert opened().records == {"/1.mp4": ONE, "/2.mp4": TWO}


def test_a_table_of_before_records_said_what_passes(opened, tmp_path):
    opened()
    line = {name: value for name, value in ONE.as_json().items() if name != "passing"}
    (tmp_path / "sub/j.jsonl").write_text(json.dumps(line) + "\n")
    assert opened().records == {"/1.mp4": ONE}


def test_the_last_record_of_an_output_counts(opened):
    journal = opened()
    again = replace(ONE, status="failed", error="gone")
    journal.append(ONE)
    journal.append(again)
    assert journal.records == opened().records == {"/1.mp4": again}


@pytest.mark.parametrize("cut", [1, 20])
def test_a_torn_last_line_is_dropped(opened, tmp_path, cut):
    journal = opened()
    journal.append(ONE)
    journal.append(TWO)
    path = tmp_path / "sub/j.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    journal = opened()
    assert journal.records == {"/1.mp4": ONE}
    journal.append(TWO)
    assert opened().records == {"/1.mp4": ONE, "/2.mp4": TWO}


@pytest.mark.parametrize("line", ['{"a": 1}', "source,driving,output", "[]", '{"row": 1'])
def test_another_file_is_refused_and_left_alone(opened, tmp_path, line):
    opened()
    path = tmp_path / "sub/j.jsonl"
    path.write_text(f"{line}\nmore")
    with pytest.raises(InputError, match=r"line 1 of '.*' is no record of a batch"):
        opened()
    assert path.read_text() == f"{line}\nmore"


@pytest.mark.parametrize(
    "content", ['{"precious": "data"}', "notes", '{"source": "x", "driving": "a"}', '{"row": 1, "note": "mine"}']
)
def test_another_file_of_one_line_is_left_alone(opened, tmp_path, content):
    opened()
    path = tmp_path / "sub/j.jsonl"
    path.write_text(content)
    with pytest.raises(InputError, match="holds something else than records of a batch"):
        opened()
    assert path.read_text() == content


@pytest.mark.parametrize("size", [0, 1, 5, 30, -1])
def test_a_torn_first_line_is_dropped(opened, tmp_path, size):
    opened().append(ONE)
    path = tmp_path / "sub/j.jsonl"
    path.write_bytes(path.read_bytes()[:size])
    assert opened().records == {} and path.read_bytes() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is a device of Linux")
def test_a_full_disk(tmp_path):
    journal = Journal(tmp_path / "j.jsonl")
    journal._file.close()
    journal._file = io.FileIO("/dev/full", "w")
    with pytest.raises(InputError, match="cannot be used: No space left"):
        journal.append(ONE)
    journal.close()


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be used"):
        Journal(tmp_path / "file/j.jsonl")
