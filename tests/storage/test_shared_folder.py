import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.errors import InputError
from src.storage import local_folder
from src.storage.remote_folder import RemoteFolder
from src.storage.shared_folder import open_shared


@pytest.fixture(params=["path", "url", "memory"])
def folder(request, tmp_path):
    """The same folder in every way that needs no server."""
    if request.param != "memory":
        yield open_shared(f"{'file://' if request.param == 'url' else ''}{tmp_path}/deep/shared")
        return
    system = pytest.importorskip("fsspec").filesystem("memory")
    yield open_shared("memory://shared-folder-test/deep")
    if system.exists("/shared-folder-test"):
        system.rm("/shared-folder-test", recursive=True)


def test_what_is_missing(folder, tmp_path):
    assert folder.names("none") == [] and folder.read("none/x") is None
    assert not folder.get("none/x", tmp_path / "copy") and not (tmp_path / "copy").exists()
    folder.remove("none/x")
    folder.remove_folder("none")


def test_files_come_and_go(folder):
    for name in ("b", "a", "c"):
        folder.write(f"jobs/{name}", name.encode())
    folder.write("jobs/a", b"anew")
    assert folder.names("jobs") == ["a", "b", "c"] and folder.read("jobs/a") == b"anew"
    folder.remove("jobs/b")
    assert folder.names("jobs") == ["a", "c"]
    folder.remove_folder("jobs")
    assert folder.names("jobs") == []


def test_files_are_copied_in_and_out(folder, tmp_path):
    (tmp_path / "given").write_bytes(bytes(1000))
    folder.put(tmp_path / "given", "jobs/1/source.jpg")
    assert folder.get("jobs/1/source.jpg", tmp_path / "copy") and (tmp_path / "copy").read_bytes() == bytes(1000)
    opened = folder.path("jobs/1/source.jpg")
    assert opened is None or opened.read_bytes() == bytes(1000)


def test_one_of_many_creates(tmp_path):
    folder = open_shared(str(tmp_path))
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: folder.create("claims/x", str(number).encode()), range(64)))
    assert made.count(True) == 1 and folder.read("claims/x") == str(made.index(True)).encode()
    assert folder.names(".parts") == []


def test_the_second_does_not_create(folder):
    assert folder.create("claims/x", b"one")
    assert not folder.create("claims/x", b"other") and folder.read("claims/x") == b"one"


def test_one_creates_where_there_are_no_links(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    test_one_of_many_creates(tmp_path)


def test_an_answer_that_was_lost_counts(monkeypatch):
    """A store may do what is asked, and the answer be lost: asked again, it says that the file is there."""
    folder = RemoteFolder("memory://shared-folder-lost")
    pipe = folder._system.pipe_file

    def lost(path, content, mode="overwrite"):
        pipe(path, content)
        raise OSError("connection reset")

    monkeypatch.setattr(folder._system, "pipe_file", lost)
    assert folder.create("x", b"mine")
    monkeypatch.undo()
    folder._system.rm("/shared-folder-lost", recursive=True)


def test_what_a_store_throws_is_an_os_error(monkeypatch):
    folder = RemoteFolder("memory://shared-folder-errors")

    def fail(*args, **kwargs):
        raise ValueError("no route")

    for name in ("cat_file", "pipe_file", "rm_file", "put_file", "get_file", "ls"):
        monkeypatch.setattr(folder._system, name, fail)
    for asked in (
        lambda: folder.read("x"),
        lambda: folder.write("x", b""),
        lambda: folder.create("x", b""),
        lambda: folder.remove("x"),
        lambda: folder.names("x"),
    ):
        with pytest.raises(OSError, match=r"shared-folder-errors.* cannot be (reached|written): ValueError: no route"):
            asked()


def test_what_killed_processes_left_goes(tmp_path, monkeypatch):
    open_shared(str(tmp_path)).write("x", b"")
    (tmp_path / ".parts/old").write_bytes(b"half")
    open_shared(str(tmp_path))
    assert (tmp_path / ".parts/old").exists(), "somebody may be writing it"
    monkeypatch.setattr(local_folder, "_OLD", -1.0)
    open_shared(str(tmp_path))
    assert not (tmp_path / ".parts/old").exists()


def test_urls_that_nothing_knows():
    with pytest.raises(InputError, match="nowhere://x"):
        open_shared("nowhere://x")
