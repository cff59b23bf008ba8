"""Jobs whose files lie elsewhere."""

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from src.batch import table
from src.batch.record import Record
from src.errors import InputError, StoreError

from .conftest import encoded, read_drivers

fsspec = pytest.importorskip("fsspec")
_log = logging.getLogger("src.tests")


@pytest.fixture
def store(media, monkeypatch):
    """A file system in memory with the folders `in` and `by` in `bucket`; the user's cache is in the current folder."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    for path in [*media.glob("in/*"), *media.glob("by/*")]:
        system.pipe(f"/bucket/{path.relative_to(media)}", path.read_bytes())
    monkeypatch.setattr(table.platformdirs, "user_cache_path", lambda *_, **__: media / "cache")
    yield system
    system.store.clear()


FOLDERS = {"sources": "memory://bucket/in", "drivings": "memory://bucket/by", "output_dir": "memory://bucket/out"}


def records(store, path="/bucket/out/results.jsonl") -> dict[str, dict]:
    return {json.loads(line)["output"]: json.loads(line) for line in store.cat_file(path).splitlines()}


def test_a_job_of_remote_folders(run, store, media):
    tally = run(**FOLDERS)
    assert (tally.due, tally.done, tally.failed) == (4, 4, 0) and encoded() == 2
    assert read_drivers() == ["a.mp4", "b.mp4"]
    names = {path.removeprefix("/bucket/out/") for path in store.find("/bucket/out")}
    templates = {name for name in names if name.startswith(".batch/templates/")}
    assert names - templates == {"x--a.mp4", "x--b.mp4", "y--a.mp4", "y--b.mp4", "results.jsonl"}
    assert len(templates) == 2
    assert records(store)["memory://bucket/out/x--b.mp4"]["source"] == "memory://bucket/in/x.png"
    run()  # the same with local files
    for name in ("x--a.mp4", "y--b.mp4"):
        assert store.cat_file(f"/bucket/out/{name}") == (media / "out" / name).read_bytes()


def test_a_second_run_does_what_is_missing_or_changed(run, store, media):
    run(**FOLDERS)
    assert run(**FOLDERS).due == 0
    store.rm("/bucket/out/x--a.mp4")
    store.pipe("/bucket/by/b.mp4", (media / "by/a.mp4").read_bytes())
    assert run(**FOLDERS).done == 3
    assert read_drivers() == ["a.mp4", "b.mp4"]  # what b.mp4 holds now is the driver that was read already


def test_a_remote_manifest(run, store, media):
    lines = [
        "source,driving,output,concat",
        "in/x.png,by/a.mp4,out/1.mp4,yes",
        f"{media}/in/y.png,by/a.mp4,{media}/2.mp4,",
    ]
    lines += ["in/none.png,by/a.mp4,out/3.mp4,", "in/x.png,by/none.mp4,out/4.mp4,"]
    store.pipe("/bucket/m.csv", "\n".join(lines).encode())
    tally = run(manifest="memory://bucket/m.csv", results="memory://bucket/tables/t.jsonl")
    assert (tally.done, tally.failed) == (2, 2)
    assert store.exists("/bucket/out/1.mp4") and store.exists("/bucket/out/1_concat.mp4") and Path("2.mp4").is_file()
    found = records(store, "/bucket/tables/t.jsonl")
    assert found["memory://bucket/out/3.mp4"]["error"] == "'memory://bucket/in/none.png' does not exist"
    assert found["memory://bucket/out/4.mp4"]["error"] == "'memory://bucket/by/none.mp4' does not exist"


def test_messages_name_remote_places(run, store, black):
    store.pipe("/bucket/in/x.png", black.read_bytes())
    run(**FOLDERS)
    error = records(store)["memory://bucket/out/x--a.mp4"]["error"]
    assert "no face found in the source 'memory://bucket/in/x.png'" in error


def test_a_small_cache(run, store):
    assert run(**FOLDERS, cache_gib=0.0).done == 4


def test_a_table_that_another_machine_wrote(run, store, media, monkeypatch):
    run(**FOLDERS)
    monkeypatch.setattr(table.platformdirs, "user_cache_path", lambda *_, **__: media / "other")
    assert run(**FOLDERS).due == 0
    mine = Record(1, "x", ("a",), "o", "done", None, (), 1, 1.0, "m", "h", "2026-01-02")
    older = replace(mine, status="failed", error="no", ended="2026-01-01")
    store.pipe("/bucket/t.jsonl", (json.dumps(mine.as_json()) + "\n").encode())
    with table.open_table("memory://bucket/t.jsonl") as one:
        assert one.records == {"o": mine}
        one.append(older)
    with table.open_table("memory://bucket/t.jsonl") as one:
        assert one.records == {"o": mine}  # what ended last counts, wherever it was written


def test_a_local_parquet_table(run, here):
    parquet = pytest.importorskip("pyarrow.parquet")
    run(results="t.parquet")
    rows = parquet.read_table("t.parquet").to_pylist()
    assert [row["row"] for row in rows] == [1, 3, 2, 4] and rows[0]["driving"] == [f"{here}/by/a.mp4"]
    assert {row["status"] for row in rows} == {"done"} and rows[0]["frames"] == 3 and rows[0]["error"] is None
    Path("t.parquet").unlink()
    assert run(results="t.parquet").due == 0 and len(parquet.read_table("t.parquet")) == 4


def test_a_parquet_table_without_any_row(here):
    parquet = pytest.importorskip("pyarrow.parquet")
    with table.open_table(f"{here}/t.parquet"):
        pass
    assert parquet.read_table("t.parquet").column_names[0] == "row" and len(parquet.read_table("t.parquet")) == 0


def test_a_parquet_table_grows(here, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(table, "_EVERY", 0.0)
    with table.open_table(f"{here}/t.parquet") as one:
        one.append(Record(1, "x", ("a",), "o", "done", None, (), 1, 1.0, "m", "h", "2026-01-02"))
        assert len(parquet.read_table("t.parquet")) == 1


def test_a_local_parquet_table_without_its_journal(run):
    pytest.importorskip("pyarrow")
    run(results="t.parquet")
    shutil.rmtree(".batch")
    assert run(results="t.parquet").due == 0


def test_another_file_is_no_table(run, store, model):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"mine": [1]}), "t.parquet")
    store.pipe("/bucket/t.parquet", Path("t.parquet").read_bytes())
    Path("n.parquet").write_text("precious")
    store.pipe("/bucket/t.jsonl", b'{"precious": 1}')
    for name in ("t.parquet", "n.parquet", "memory://bucket/t.parquet", "memory://bucket/t.jsonl"):
        with pytest.raises(InputError, match=r"is no table of a batch|holds something else"):
            run(results=name)
    assert not model.runs and Path("n.parquet").read_text() == "precious"
    assert parquet.read_table("t.parquet").column_names == ["mine"]
    assert store.cat_file("/bucket/t.jsonl") == b'{"precious": 1}'


class Refused(Exception):
    """An error of a store's own library."""


@pytest.mark.parametrize("method", ["ls", "info"])
def test_a_store_that_refuses(run, store, monkeypatch, method):
    def refused(self, *args, **kwargs):
        raise Refused("no credentials")

    monkeypatch.setattr(type(store), method, refused)
    with pytest.raises(StoreError, match="cannot be reached: Refused: no credentials"):
        run(**FOLDERS)


def test_a_file_that_its_store_refuses_fails_alone(run, store, monkeypatch, caplog):
    info, asked = type(store).info, []

    def refused(self, path, **kwargs):
        if path.endswith("x.png"):
            asked.append(path)
            raise Refused("no credentials")
        return info(self, path, **kwargs)

    monkeypatch.setattr(type(store), "info", refused)
    tally = run(**FOLDERS, retries=2)
    assert (tally.done, tally.failed) == (2, 2) and len(asked) == 2 * 3 and "Traceback" not in caplog.text
    error = records(store)["memory://bucket/out/x--a.mp4"]["error"]
    assert error == "the file 'memory://bucket/in/x.png' cannot be reached: Refused: no credentials"
    monkeypatch.setattr(type(store), "info", info)
    assert run(**FOLDERS).done == 2  # nobody could tell whether they were as before


def test_motion_that_cannot_be_stored_is_called_so(run, store, monkeypatch):
    def refused(self, *args, **kwargs):
        raise Refused("no rights")

    monkeypatch.setattr(type(store), "put_file", refused)
    assert run(**FOLDERS).failed == 4
    assert "the motion template 'memory://" in records(store)["memory://bucket/out/x--a.mp4"]["error"]


def test_remote_stills(run, store):
    pytest.importorskip("PIL.Image").new("RGB", (96, 96), (99, 99, 99)).save("still.gif")
    store.pipe("/bucket/by/still.gif", Path("still.gif").read_bytes())
    assert run(**FOLDERS).done == 6 and store.exists("/bucket/out/x--still.jpg")


def test_a_store_that_answers_again_is_asked_again(run, store, monkeypatch):
    put, fails = type(store).put_file, iter([True])

    def flaky(self, *args, **kwargs):
        if next(fails, False):
            raise ConnectionResetError("the line is dead")
        return put(self, *args, **kwargs)

    monkeypatch.setattr(type(store), "put_file", flaky)
    assert run(**FOLDERS).done == 4


def test_a_table_that_cannot_be_brought_up_to_date_for_a_while(run, store, monkeypatch, caplog):
    monkeypatch.setattr(table, "_EVERY", 0.0)
    pipe, fails = type(store).pipe_file, iter([False, True])  # the first is the table as the job begins

    def flaky(self, *args, **kwargs):
        if next(fails, False):
            raise ConnectionResetError("the line is dead")
        return pipe(self, *args, **kwargs)

    monkeypatch.setattr(type(store), "pipe_file", flaky)
    assert run(**FOLDERS).done == 4 and len(records(store)) == 4
    assert "cannot be written: the line is dead; it is tried again in a minute" in caplog.text


def test_a_table_that_cannot_be_written_is_found_out_before_the_work(run, store, model, monkeypatch):
    def refused(self, *args, **kwargs):
        raise Refused("no rights")

    monkeypatch.setattr(type(store), "pipe_file", refused)
    with pytest.raises(StoreError, match=r"the table 'memory://bucket/out/results.jsonl' cannot be written: Refused"):
        run(**FOLDERS)
    assert not model.runs


def test_warnings_name_remote_places(run, store, model, monkeypatch):
    monkeypatch.setattr(model, "trouble", staticmethod(lambda args: _log.warning("'%s' is grainy", args.source)))
    run(**FOLDERS)
    assert "'memory://bucket/in/x.png' is grainy" in records(store)["memory://bucket/out/x--a.mp4"]["warnings"]


def test_warnings_of_a_row_that_is_tried_again(run, store, model, monkeypatch):
    left = [StoreError("away")]

    def trouble(args):
        _log.warning("look at '%s'", args.output)
        if left and args.source:
            raise left.pop()

    monkeypatch.setattr(model, "trouble", staticmethod(trouble))
    run(**FOLDERS)
    warnings = records(store)["memory://bucket/out/x--a.mp4"]["warnings"]
    assert [text for text in warnings if "x--a" in text] == ["look at 'memory://bucket/out/x--a.mp4'"]


def test_a_store_is_asked_once_about_each_input_of_rows_that_are_done(run, store, monkeypatch):
    run(**FOLDERS)
    info, asked = type(store).info, []
    monkeypatch.setattr(type(store), "info", lambda self, path, **k: asked.append(path) or info(self, path, **k))
    assert run(**FOLDERS).due == 0
    assert sorted(path for path in asked if "/out/" not in path) == [
        *("/bucket/by/a.mp4", "/bucket/by/b.mp4", "/bucket/in/x.png", "/bucket/in/y.png")
    ]
