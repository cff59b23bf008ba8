import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from src.errors import InputError
from src.training.prepare.file_record import FileRecord, ShotRecord
from src.training.prepare.options import ShotOptions
from src.training.prepare.records import FolderError, Records
from src.training.prepare.sources import Source

ROOT = Path(__file__).parents[3]
SOURCE = Source(Path("a/b.mp4"), "a/b.mp4", "clip", 1234, 5678)


def shot(number: int) -> ShotRecord:
    return ShotRecord(f"{SOURCE.stem}_{number}", number, 12, 288, "25", 100.0, 50.0, 10.0, 0.2, 0)


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


def test_shots_of_a_file_whose_name_begins_alike_stay(records):
    alike = replace(SOURCE, name=f"{SOURCE.stem}_x.mp4")
    shot_of_alike = records.shot(f"{alike.stem}_0")
    assert shot_of_alike.name.startswith(f"{SOURCE.stem}_")
    shot_of_alike.touch()
    remember(records, shots=1)
    assert shot_of_alike.exists()


def test_what_is_forgotten_is_gone(records, tmp_path):
    remember(records)
    records.forget(SOURCE)
    assert records.read(SOURCE) is None and not list((tmp_path / "data/shots").iterdir())
    records.forget(SOURCE)


def test_a_shot_that_cannot_be_removed_is_the_fault_of_the_folder(records):
    remember(records, shots=1)
    records.shot(shot(5).name).mkdir()
    with pytest.raises(FolderError, match="cannot be written to"):
        remember(records, shots=1)


def test_another_input_is_refused_while_files_of_the_first_would_be_lost(records, tmp_path):
    remember(records)
    records.keep_input(tmp_path / "one", [SOURCE])
    records.keep_input(tmp_path / "one", [])  # files may go
    for others in ([], [replace(SOURCE, bytes=99)]):
        with pytest.raises(InputError, match=r"was made from '.*one', .*1 files? .*'.*two'"):
            records.keep_input(tmp_path / "two", others)
    added = replace(SOURCE, name="new.mp4")
    records.keep_input(tmp_path / "two", [replace(SOURCE, modified=7), added])  # the same folder, moved
    with pytest.raises(InputError, match=r"was made from '.*two'"):
        records.keep_input(tmp_path / "one", [added])
    assert records.others([]) == 1


def test_two_runs_cannot_be_in_one_folder(records, tmp_path):
    code = (
        "import sys; from pathlib import Path; from src.training.prepare.records import Records\n"
        f"with Records(Path({str(tmp_path / 'data')!r})).hold(): print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(InputError, match=r"another run is at work in '.*data'"), records.hold():
            pass
    finally:
        other.kill()
        other.communicate()
    with records.hold():  # what was killed holds nothing
        pass


def test_other_options_are_refused(records, tmp_path):
    remember(records)
    records.begin(ShotOptions(), overwrite=False)
    with pytest.raises(InputError, match=r"--size was 288, now 256, --faces was 1, now 2\).*--overwrite"):
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
        with pytest.raises(InputError, match=r"holds an index\.csv of something else"), Records(tmp_path).hold():
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["index.csv"]


def test_places_that_cannot_be_used(tmp_path, records):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written to"):
        Records(tmp_path / "file").begin(ShotOptions(), overwrite=False)
    for damaged in ("{", "[]", "7", "null"):
        (tmp_path / "data/.state/options.json").write_text(damaged)
        with pytest.raises(InputError, match=r"options\.json' is damaged"):
            records.begin(ShotOptions(), overwrite=False)
    with pytest.raises(InputError, match="cannot be written to"), Records(tmp_path / "file").hold():
        pass


def test_a_folder_of_the_first_version_is_left_as_it_is(records, tmp_path):
    path = tmp_path / "data/.state/options.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 1}))
    with pytest.raises(InputError, match=r"another version .* trained on, .* another folder"):
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
