import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from src.errors import WeightsError
from src.training.prepare.file_record import FileRecord
from src.training.prepare.options import ShotOptions
from src.training.prepare.pool import cores, prepare_files
from src.training.prepare.records import Records
from src.training.prepare.sources import Source

ROOT = Path(__file__).parents[3]
OPTIONS = ShotOptions()


class Fake:
    """Stands in for a Preparer in this process and in others."""

    def __init__(self, folder, options, stopped):
        if folder.name == "broken":
            raise WeightsError("the networks are gone")
        self._stopped = stopped

    def prepare(self, source: Source) -> FileRecord:
        if "crash" in source.name:
            os._exit(1)
        if "endless" in source.name:
            source.path.write_text(str(os.getpid()))
            while not self._stopped():
                time.sleep(0.01)
            (source.path.parent / "stopped").touch()
        return FileRecord.of(source, frames=os.getpid())


def sources(*names: str, folder: Path = Path()) -> list[Source]:
    return [Source(folder / name, name, "clip", 1, 1) for name in names]


def test_a_single_file_cannot_take_this_process_along(tmp_path):
    (crash,) = sources("crash")
    (record,) = prepare_files(tmp_path, OPTIONS, [crash], 1, make=Fake)
    assert "ended without a word" in record.error and "--retry" in record.error
    assert Records(tmp_path).read(crash) == record  # so that a later run does not try again


def test_a_file_that_takes_its_process_along_is_named_and_the_others_are_done(tmp_path):
    files = sources("a", "b", "crash", "c", "d", "e", "f")
    records = {record.source: record for record in prepare_files(tmp_path, OPTIONS, files, 2, make=Fake)}
    assert set(records) == {file.name for file in files}
    assert [name for name, record in records.items() if record.error] == ["crash"]
    assert "ended without a word" in records["crash"].error
    assert os.getpid() not in {record.frames for record in records.values()}


def test_what_is_wrong_with_all_files_is_raised(tmp_path):
    with pytest.raises(WeightsError, match="the networks are gone"):
        list(prepare_files(tmp_path / "broken", OPTIONS, sources("a", "b"), 2, make=Fake))


def test_closing_stops_the_work(tmp_path):
    files = sources("a", "endless", folder=tmp_path)
    records = prepare_files(tmp_path, OPTIONS, files, 2, make=Fake)
    assert next(records).source == "a"
    read_pid(tmp_path / "endless")
    records.close()
    assert (tmp_path / "stopped").exists()


def test_workers_do_not_outlive_a_parent_that_is_killed(tmp_path):
    code = (
        "from tests.training.prepare.test_pool import *\n"
        f"files = sources('endless 1', 'endless 2', folder=Path({str(tmp_path)!r}))\n"
        "list(prepare_files(Path(), OPTIONS, files, 2, make=Fake))\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as parent:
        try:
            pids = [read_pid(tmp_path / f"endless {number}") for number in (1, 2)]
        finally:
            parent.kill()
    for pid in pids:
        with suppress(psutil.NoSuchProcess):  # where nobody collects it, it stays as a zombie
            psutil.Process(pid).wait(20)
    assert not (tmp_path / "stopped").exists()


def read_pid(path: Path) -> int:
    """The number that a worker writes into a file as soon as it has begun."""
    for _ in range(600):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.1)
    raise AssertionError(f"'{path}' was not begun")


def test_cores():
    assert 1 <= cores() <= (os.cpu_count() or 1)
