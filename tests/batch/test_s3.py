"""Jobs whose files lie in a store of S3's kind."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from src.batch import table
from src.batch.batch import run_batch
from src.batch.options import JobOptions, RowOptions, RunnerOptions
from src.cli.batch import main
from src.config.argument_config import ArgumentConfig
from src.errors import LivePortraitError

from .conftest import FakeWrapper, encoded, read_drivers
from .test_ray_runner import portraits as portraits

FOLDERS = {"sources": "s3://bucket/in", "drivings": "s3://bucket/by", "output_dir": "s3://bucket/out"}
NAMES = ["x--a.mp4", "x--b.mp4", "y--a.mp4", "y--b.mp4"]


@pytest.fixture
def store(media, bucket, monkeypatch):
    """The folders `in` and `by` in the bucket; the user's cache is in the current folder."""
    upload(bucket, media)
    monkeypatch.setattr(table.platformdirs, "user_cache_path", lambda *_, **__: media / "cache")
    return bucket


def upload(bucket, folder: Path) -> None:
    for path in [*folder.glob("in/*"), *folder.glob("by/*")]:
        bucket.put(f"{path.relative_to(folder)}", path.read_bytes())


def records(bucket, key="out/results.jsonl") -> dict[str, dict]:
    return {json.loads(line)["output"]: json.loads(line) for line in bucket.get(key).splitlines()}


def results(bucket) -> list[str]:
    """Names of what is in `out`, without the job's own files."""
    names = [key.removeprefix("out/") for key in bucket.keys("out/")]
    return [name for name in names if not name.startswith(".batch/templates/") and name != "results.jsonl"]


def test_results_are_those_of_local_files(run, store, media):
    tally = run(**FOLDERS)
    assert (tally.due, tally.done, tally.failed) == (4, 4, 0) and encoded() == 2
    assert read_drivers() == ["a.mp4", "b.mp4"] and results(store) == NAMES
    run()
    for name in NAMES:
        assert store.get(f"out/{name}") == (media / "out" / name).read_bytes()


def test_a_second_run_does_what_is_missing_or_changed(run, store, media, model):
    run(**FOLDERS)
    model.runs.clear()
    assert run(**FOLDERS).due == 0 and not model.runs
    store.remove("out/x--a.mp4")
    store.put("in/y.png", (media / "in/x.png").read_bytes())
    store.put("by/a.mp4", (media / "by/a.mp4").read_bytes())  # the same again
    assert run(**FOLDERS).done == 3
    assert store.get("out/y--b.mp4") == store.get("out/x--b.mp4") and results(store) == NAMES
    assert run(**FOLDERS).due == 0


def test_the_command_with_a_manifest_and_a_parquet_table(model, store, media, capsys):
    parquet = pytest.importorskip("pyarrow.parquet")
    lines = ["source,driving,output", "../in/x.png,s3://bucket/by/a.mp4,1 ü?.mp4", "../in/none.png,../by/a.mp4,2.mp4"]
    store.put("jobs/m.csv", "\n".join(lines).encode())
    job = ["--manifest", "s3://bucket/jobs/m.csv", "--output_dir", "s3://bucket/out", "--model", "compact"]
    job += ["--results", "s3://bucket/tables/t.parquet", "--device", "cpu"]
    assert main(job) == 1
    rows = {row["output"]: row for row in parquet.read_table(io.BytesIO(store.get("tables/t.parquet"))).to_pylist()}
    assert rows["s3://bucket/out/1 ü?.mp4"]["status"] == "done" and results(store) == ["1 ü?.mp4"]
    assert rows["s3://bucket/out/2.mp4"]["error"] == "'s3://bucket/in/none.png' does not exist"
    assert "row 2 failed: 's3://bucket/in/none.png' does not exist" in " ".join(capsys.readouterr().err.split())
    store.put("in/none.png", (media / "in/y.png").read_bytes())
    assert main(job) == 0 and results(store) == ["1 ü?.mp4", "2.mp4"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sources": "s3://bukket/in"}, "--sources: there is no folder 's3://bukket/in'"),
        ({"output_dir": "s3://bukket/out"}, "the table 's3://bukket/out/results.jsonl' cannot be written: The spec"),
        ({"results": "s3://bukket/t.jsonl"}, "the table 's3://bukket/t.jsonl' cannot be written: The specified bucket"),
    ],
)
def test_a_bucket_that_is_not_there(run, store, model, options, message):
    with pytest.raises(LivePortraitError, match=f"^{message}"):
        run(**FOLDERS | options)
    assert not model.runs and store.buckets() == ["bucket"]


@pytest.mark.parametrize("place", ["s3://bucket", "s3:///m.csv", "s3://bucket/m.csv", "S3://bucket/m.csv"])
def test_manifests_that_are_none(run, store, place):
    with pytest.raises(LivePortraitError, match=place) as caught:
        run(manifest=place)
    assert "\n" not in str(caught.value)


def test_credentials_that_are_wrong_or_missing(run, store, model, monkeypatch):
    store.lock()
    with pytest.raises(
        LivePortraitError, match=r"^the folder --drivings 's3://bucket/by' cannot be reached: The AWS A"
    ):
        run(**FOLDERS)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    pytest.importorskip("s3fs").S3FileSystem.clear_instance_cache()
    with pytest.raises(LivePortraitError, match="cannot be reached: ") as caught:
        run(**FOLDERS)
    assert not model.runs and "\n" not in str(caught.value)


def test_a_server_that_goes_in_the_middle(run, store, monkeypatch, caplog):
    """Rows that were done are not lost: the journal has them, and the next run brings the table up to date."""
    tries = []

    def trouble(args):
        if args.source is not None and args.output.endswith("x--b.mp4"):
            tries.append(args)
            store.stop()

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    with pytest.raises(LivePortraitError, match=r"^the table '.*' cannot be written: EndpointConnectionError"):
        run(**FOLDERS, retries=1)
    (journal,) = Path("cache").glob("batch/*/results.jsonl.jsonl")
    rows = {Path(row["output"]).name: row for row in map(json.loads, journal.read_text().splitlines())}
    assert [rows[name]["status"] for name in NAMES].count("failed") == 2 and len(tries) == 1
    assert rows["x--b.mp4"]["error"].startswith("the file 's3://bucket/in/x.png' cannot be reached: Endpoint")
    assert "Traceback" not in caplog.text
    store.resume()
    monkeypatch.setattr(FakeWrapper, "trouble", None)
    assert run(**FOLDERS).done == 2 and results(store) == NAMES
    assert [record["status"] for record in records(store).values()] == ["done"] * 4


def test_an_upload_that_breaks_leaves_nothing(run, store, monkeypatch):
    from s3fs import S3FileSystem

    call = S3FileSystem._call_s3

    async def broken(self, method, *args, **kwargs):
        if method in ("put_object", "upload_part") and str(kwargs.get("Key")).endswith("x--a.mp4"):
            raise ConnectionResetError("the line is dead")
        return await call(self, method, *args, **kwargs)

    monkeypatch.setattr(S3FileSystem, "_call_s3", broken)
    tally = run(**FOLDERS)
    assert (tally.done, tally.failed) == (3, 1) and results(store) == NAMES[1:]
    error = records(store)["s3://bucket/out/x--a.mp4"]["error"]
    assert error == "the result 's3://bucket/out/x--a.mp4' cannot be written: the line is dead"
    monkeypatch.setattr(S3FileSystem, "_call_s3", call)
    assert run(**FOLDERS, retry_failed=True).done == 1 and results(store) == NAMES


@pytest.mark.slow
def test_workers_of_a_cluster(bucket, portraits, monkeypatch):
    """They are other processes, which learn of the store from the environment alone."""
    pytest.importorskip("ray")
    monkeypatch.setattr(table.platformdirs, "user_cache_path", lambda *_, **__: portraits / "cache")
    upload(bucket, portraits)
    args = ArgumentConfig(**vars(RowOptions()), model="compact", device="cpu")
    tally = run_batch(JobOptions(**FOLDERS), RunnerOptions(runner="ray"), args, lambda tally: None)
    assert (tally.done, tally.failed) == (3, 0)
    assert run_batch(JobOptions(**FOLDERS), RunnerOptions(), args, lambda tally: None).due == 0
    here = JobOptions(sources=f"{portraits}/in", drivings=f"{portraits}/by", output_dir=f"{portraits}/out")
    run_batch(here, RunnerOptions(), args, lambda tally: None)
    for path in (portraits / "out").glob("*.mp4"):
        assert bucket.get(f"out/{path.name}") == path.read_bytes()
