"""What a store of S3's kind does that a file system does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from src.batch.fingerprints import Fingerprints
from src.batch.outputs import Outputs
from src.batch.product import product
from src.errors import InputError, MissingFileError
from src.storage.files import Files
from src.storage.shared_folder import open_shared
from tests.s3 import BUCKET

LARGE = 101 * 2**20  # s3fs takes less in one request
ODD = ["a b.png", "ü漢.png", "q?x.png", "h#x.png", "p%20x.png", "pl+us.png", "star*x.png", "br[1]x.png", "cur{a}.png"]


@pytest.fixture
def files(bucket):
    files = Files(cache_bytes=1000)
    yield files
    files.close()


@pytest.mark.parametrize("name", ODD)
def test_odd_names(files, bucket, tmp_path, name):
    """None of them is a pattern, a query or a quotation."""
    bucket.put(f"in/{name}", name.encode())
    bucket.put("in/starry-x.png", b"another that a pattern would find")
    bucket.put("in/br1x.png", b"another")
    copy = files.fetch(f"s3://bucket/in/{name}")
    assert copy.name == name and copy.read_bytes() == name.encode()
    result = files.scratch(name)
    result.write_bytes(b"result")
    files.store(result, f"s3://bucket/{name}/{name}")
    assert bucket.get(f"{name}/{name}") == b"result" and bucket.keys(name) == [f"{name}/{name}"]
    assert files.fetch(f"s3://bucket/{name}").is_dir()
    assert Outputs().is_there(f"s3://bucket/{name}/{name}")


def test_what_another_machine_wrote_shows(files, bucket):
    bucket.put("in/x.png", b"one")
    assert not Outputs().is_there("s3://bucket/in/y.png")  # lists the folder
    first, prints = files.fetch("s3://bucket/in/x.png"), Fingerprints()
    mark = prints.content("s3://bucket/in/x.png")
    bucket.put("in/x.png", b"two")
    bucket.put("in/y.png", b"new")
    assert files.fetch("s3://bucket/in/x.png").read_bytes() == b"two" and first.read_bytes() == b"one"
    assert prints.content("s3://bucket/in/x.png") != mark
    assert files.fetch("s3://bucket/in/y.png").read_bytes() == b"new"
    assert Outputs().is_there("s3://bucket/in/y.png")
    bucket.remove("in/y.png")
    with pytest.raises(MissingFileError, match=r"'s3://bucket/in/y.png' does not exist"):
        files.fetch("s3://bucket/in/y.png")


def test_a_mark_is_the_same_however_it_was_found_out(bucket):
    """Machines that have listed the folder and those that have not: the two answers of S3 differ in form."""
    bucket.put("in/x.png", b"one")
    alone = Fingerprints().content("s3://bucket/in/x.png")
    Outputs().is_there("s3://bucket/in/y.png")
    assert Fingerprints().content("s3://bucket/in/x.png") == alone
    bucket.put("in/x.png", b"one")  # the same again, later
    assert Fingerprints().content("s3://bucket/in/x.png") == alone


def test_a_result_needs_no_more_than_the_right_to_put(files, bucket, monkeypatch):
    """A put is whole or not at all: no copy, no removal, and no bucket that was made because its name was mistyped."""
    from s3fs import S3FileSystem

    called = []
    call = S3FileSystem._call_s3
    monkeypatch.setattr(
        S3FileSystem, "_call_s3", lambda self, method, *a, **k: called.append(method) or call(self, method, *a, **k)
    )
    result = files.scratch("r.mp4")
    result.write_bytes(b"video")
    files.store(result, "s3://bucket/out/r.mp4")
    assert called == ["put_object"] and not result.exists()
    result.write_bytes(b"video")
    with pytest.raises(
        OSError, match=r"'s3://bukket/out/r.mp4' cannot be written: The specified bucket does not exist"
    ):
        files.store(result, "s3://bukket/out/r.mp4")
    assert bucket.buckets() == ["bucket"]


def test_large_results_go_in_parts(files, bucket, monkeypatch):
    from s3fs import S3FileSystem

    called, call = [], S3FileSystem._call_s3
    monkeypatch.setattr(S3FileSystem, "_call_s3", lambda self, m, *a, **k: called.append(m) or call(self, m, *a, **k))
    result = files.scratch("r.mp4")
    result.write_bytes(bytes(LARGE))
    files.store(result, "s3://bucket/r.mp4")
    assert called.count("upload_part") == 3 and len(bucket.get("r.mp4")) == LARGE


def test_folders(files, bucket):
    """Consoles mark a folder by an empty object of its name with a slash behind it."""
    for key in ("frames/", "frames/1.png", "frames/2.png", "frames/.hidden", "frames/.batch/t.png", "frames/sub/3.png"):
        bucket.put(key, key.encode())
    for place in ("s3://bucket/frames", "s3://bucket/frames/"):
        copy = files.fetch(place)
        assert sorted(path.name for path in copy.iterdir()) == ["1.png", "2.png"]
    mark = Fingerprints().content("s3://bucket/frames")
    bucket.put("frames/.hidden", b"2")
    bucket.put("frames/sub/3.png", b"2")
    assert Fingerprints().content("s3://bucket/frames") == mark
    bucket.put("frames/2.png", b"changed")
    assert Fingerprints().content("s3://bucket/frames") != mark
    assert (files.fetch("s3://bucket/frames") / "2.png").read_bytes() == b"changed"


def test_two_folders_of_a_bucket(bucket):
    for key in ("in/", "in/x.png", "in/y?.png", "in/sub/z.png", "by/a.mp4", "top.png"):
        bucket.put(key, b"")
    rows = product("s3://bucket/in/", "s3://bucket/by", "s3://bucket")
    assert [row.output for row in rows] == ["s3://bucket/x--a.mp4", "s3://bucket/y?--a.mp4"]
    assert [row.source for row in product("s3://bucket", "s3://bucket/by", "s3://other/out")] == ["s3://bucket/top.png"]
    with pytest.raises(InputError, match=r"--sources 's3://bucket/in/x.png' is a file"):
        product("s3://bucket/in/x.png", "s3://bucket/by", "s3://bucket/out")
    with pytest.raises(MissingFileError, match="--drivings: there is no folder"):
        product("s3://bucket/in", "s3://bukket/by", "s3://bucket/out")


def test_a_folder_of_many_pages(bucket):
    for number in range(1100):
        bucket.put(f"in/{number}.png", b"")
    bucket.put("by/a.mp4", b"")
    assert len(product("s3://bucket/in", "s3://bucket/by", "s3://bucket/out")) == 1100


@pytest.mark.parametrize(("size", "last"), [(1, "put_object"), (LARGE, "complete_multipart_upload")])
def test_a_kill_before_the_last_request_leaves_nothing(bucket, tmp_path, size, last):
    (tmp_path / "r.mp4").write_bytes(bytes(size))
    code = f"""
import os
from pathlib import Path
from s3fs import S3FileSystem
from src.storage.writing import put_file

call = S3FileSystem._call_s3

async def killed(self, method, *args, **kwargs):
    if method == {last!r}:
        os._exit(9)
    return await call(self, method, *args, **kwargs)

S3FileSystem._call_s3 = killed
put_file(Path({str(tmp_path / "r.mp4")!r}), "s3://bucket/out/r.mp4")
"""
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 9
    assert bucket.keys() == []


def test_a_shared_folder(bucket, tmp_path):
    """Files come and go, and of two that want to create one, one does."""
    here, there = (open_shared(f"s3://{BUCKET}/deep/shared") for _ in range(2))
    assert here.names("jobs") == [] and here.read("jobs/1") is None and not here.get("jobs/1", tmp_path / "copy")
    here.write("jobs/1", b"one")
    assert there.names("jobs") == ["1"] and there.read("jobs/1") == b"one"
    bucket.put("deep/shared/jobs/2", b"of another machine")
    assert here.names("jobs") == ["1", "2"] and here.get("jobs/2", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"of another machine"
    assert here.create("claims/x", b"here") and not there.create("claims/x", b"there")
    assert there.read("claims/x") == b"here" and here.create("claims/x", b"here"), "an answer that was lost"
    bucket.put("deep/shared/jobs/1", b"anew")
    assert here.read("jobs/1") == b"anew"
    here.put(tmp_path / "copy", "jobs/3/source.jpg")
    assert bucket.get("deep/shared/jobs/3/source.jpg") == b"of another machine"
    there.remove("jobs/1")
    there.remove("jobs/1")
    here.remove_folder("jobs")
    here.remove_folder("jobs")
    assert bucket.keys() == ["deep/shared/claims/x"]
    bucket.stop()
    with pytest.raises(OSError, match="shared"):
        here.read("claims/x")
