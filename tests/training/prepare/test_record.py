import json
from dataclasses import replace
from pathlib import Path

import pytest

from src.errors import InputError
from src.training.prepare.options import ShotOptions
from src.training.prepare.record import FileRecord, FolderError, Records, ShotRecord
from src.training.prepare.sources import Source

SOURCE = Source(Path("a/b.mp4"), "a/b.mp4", "clip", 1234, 5678)


def shot(number: int) -> ShotRecord:
    return ShotRecord(f"{SOURCE.stem}_{number}", number, 12, 288, "25", 100.0, 50.0, 10.0, 0.2)


@pytest.fixture
def records(tmp_path):
    records = Records(tmp_path / "data")
    records.begin(ShotOptions(), overwrite=False)
    return records


def remember(records: Records, shots: int = 2) -> FileRecord:
    record = FileRecord.of(SOURCE, frames=30, shots=[shot(n) for n in range(shots)], dropped={"no face": 3})
    for one in record.shots:
        records.shot(one.name).write_bytes(b"pixels")
    records.write(SOURCE, record)
    return record


def test_what_is_remembered(records):
    assert records.read(SOURCE) is None and records.others([]) == 0
    assert remember(records) == records.read(SOURCE)
    assert records.others([]) == 1 and records.others([SOURCE]) == 0


@pytest.mark.parametrize("changed", [{"bytes": 1}, {"modified": 1}, {"name": "a/c.mp4"}])
def test_another_file_is_not_remembered(records, changed):
    remember(records)
    assert records.read(replace(SOURCE, **changed)) is None


def test_a_shot_that_is_gone_is_due_again(records):
    record = remember(records)
    records.shot(record.shots[1].name).unlink()
    assert records.read(SOURCE) is None


def test_a_damaged_record_is_due_again(records, tmp_path):
    remember(records)
    path = tmp_path / "data/.state" / f"{SOURCE.stem}.json"
    for damaged in ("", "{", "{}", "[]", path.read_text().replace('"frames"', '"pages"')):
        path.write_text(damaged)
        assert records.read(SOURCE) is None


def test_shots_of_an_earlier_version_go(records):
    remember(records, shots=3)
    other = records.shot("another_12345678_0")
    other.touch()
    remember(records, shots=1)
    assert {path.name for path in other.parent.iterdir()} == {other.name, f"{SOURCE.stem}_0.safetensors"}


def test_other_options_are_refused(records, tmp_path):
    remember(records)
    records.begin(ShotOptions(), overwrite=False)
    with pytest.raises(InputError, match=r"--size was 288, now 256, .*--faces was 1, now 2|--overwrite"):
        records.begin(ShotOptions(size=256, faces=2), overwrite=False)
    assert records.read(SOURCE) is not None
    records.begin(ShotOptions(size=256), overwrite=True)
    assert records.read(SOURCE) is None and not list((tmp_path / "data/shots").iterdir())
    records.begin(ShotOptions(size=256), overwrite=False)


def test_what_a_killed_run_left_is_swept_away(records, tmp_path):
    remember(records)
    for half in ("shots/.12.part", ".state/.34.part.json", ".56.part.csv"):
        (tmp_path / "data" / half).touch()
    records.begin(ShotOptions(), overwrite=False)
    assert not list((tmp_path / "data").rglob(".*.part*")) and records.read(SOURCE) is not None


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "index.csv").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(InputError, match=r"holds an index\.csv of something else"):
            Records(tmp_path).begin(ShotOptions(), overwrite=overwrite)
    assert [path.name for path in tmp_path.iterdir()] == ["index.csv"]


def test_places_that_cannot_be_used(tmp_path, records):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written to"):
        Records(tmp_path / "file").begin(ShotOptions(), overwrite=False)
    (tmp_path / "data/.state/options.json").write_text("{")
    with pytest.raises(InputError, match="is damaged"):
        records.begin(ShotOptions(), overwrite=False)


def test_a_full_disk_is_no_fault_of_the_file(records, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(FolderError, match="No space left"):
        records.write(SOURCE, FileRecord.of(SOURCE))


def test_it_is_plain_json(records, tmp_path):
    remember(records)
    content = json.loads((tmp_path / "data/.state" / f"{SOURCE.stem}.json").read_text())
    assert content["source"] == "a/b.mp4" and content["dropped"] == {"no face": 3}
