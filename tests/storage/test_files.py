import errno
import os
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from src.errors import InputError, MissingFileError, StoreError
from src.storage.files import Files
from src.storage.stores import mark_of

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def store():
    """An empty file system in memory."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


@pytest.fixture
def files():
    files = Files(cache_bytes=25)
    yield files
    files.close()


def test_paths_are_taken_as_they_are(files, tmp_path):
    assert files.fetch(str(tmp_path / "none.png")) == tmp_path / "none.png"


def test_a_copy_has_the_name_and_the_content(files, store):
    store.pipe("/in/x.png", b"picture")
    copy = files.fetch("memory://in/x.png")
    assert copy.name == "x.png" and copy.read_bytes() == b"picture"
    assert files.told(f"'{copy}' is damaged") == "'memory://in/x.png' is damaged"


def test_a_file_is_fetched_once_until_it_changes(files, store, monkeypatch):
    fetched = []
    get = type(store).get_file
    monkeypatch.setattr(type(store), "get_file", lambda self, *a, **k: fetched.append(a) or get(self, *a, **k))
    store.pipe("/in/x.png", b"one")
    assert files.fetch("memory://in/x.png") == files.fetch("memory://in/x.png") and len(fetched) == 1
    store.pipe("/in/x.png", b"another")
    assert files.fetch("memory://in/x.png").read_bytes() == b"another" and len(fetched) == 2


@pytest.fixture
def web(tmp_path):
    """A folder, and its URL at a server that knows when files were changed and nothing else."""
    pytest.importorskip("aiohttp")
    (tmp_path / "web").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "web"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield tmp_path / "web", f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_file_of_the_web_that_changes_is_fetched_again(files, web):
    folder, url = web
    (folder / "x.png").write_bytes(b"one")
    first = mark_of(f"{url}/x.png")
    assert files.fetch(f"{url}/x.png").read_bytes() == b"one" and mark_of(f"{url}/x.png") == first
    (folder / "x.png").write_bytes(b"two")
    os.utime(folder / "x.png", (1, 1))
    assert mark_of(f"{url}/x.png") != first and files.fetch(f"{url}/x.png").read_bytes() == b"two"


def test_a_file_of_which_nothing_is_known_may_have_changed(files, web, monkeypatch):
    monkeypatch.setattr(SimpleHTTPRequestHandler, "date_time_string", lambda *_: "", raising=True)
    folder, url = web
    (folder / "x.png").write_bytes(b"one")
    first = files.fetch(f"{url}/x.png").read_bytes()
    (folder / "x.png").write_bytes(b"two")
    assert (first, files.fetch(f"{url}/x.png").read_bytes()) == (b"one", b"two")


def test_copies_of_a_killed_process_go(store, tmp_path, monkeypatch):
    """And not those of a process that lives."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store.pipe("/in/x.png", b"picture")
    living = Files(100)
    kept = living.fetch("memory://in/x.png")
    (tmp_path / "liveportrait-batch-killed").mkdir()
    (tmp_path / "liveportrait-batch-killed.lock").touch()
    other = Files(100)
    other.fetch("memory://in/x.png")
    assert kept.exists() and not (tmp_path / "liveportrait-batch-killed").exists()
    living.close()
    other.close()
    assert list(tmp_path.iterdir()) == []


def test_those_that_were_not_used_for_longest_go(files, store):
    for name in "abc":
        store.pipe(f"/in/{name}", b"0123456789")
    a, b = files.fetch("memory://in/a"), files.fetch("memory://in/b")
    files.release()
    files.fetch("memory://in/a")
    c = files.fetch("memory://in/c")
    assert a.exists() and c.exists() and not b.exists()


def test_what_a_row_needs_stays(files, store):
    for name in "abc":
        store.pipe(f"/in/{name}", b"0123456789")
    copies = [files.fetch(f"memory://in/{name}") for name in "abc"]
    assert all(copy.exists() for copy in copies)
    files.release()
    assert [copy.exists() for copy in copies] == [False, True, True]


def test_folders(files, store):
    store.pipe("/frames/1.png", b"1")
    store.pipe("/frames/2.png", b"2")
    copy = files.fetch("memory://frames")
    assert sorted(path.name for path in copy.iterdir()) == ["1.png", "2.png"]


def test_what_is_not_there(files, store):
    with pytest.raises(MissingFileError, match=r"'memory://in/x.png' does not exist"):
        files.fetch("memory://in/x.png")
    with pytest.raises(InputError, match="cannot be reached"):
        files.fetch("nosuch://in/x.png")


def test_a_result_appears_as_a_whole(files, store, monkeypatch):
    path = files.scratch("r.mp4")
    path.write_bytes(b"video")
    files.store(path, "memory://out/sub/r.mp4")
    assert store.cat_file("/out/sub/r.mp4") == b"video" and not path.exists()
    assert store.find("/out") == ["/out/sub/r.mp4"]

    def broken(self, *args, **kwargs):
        raise OSError("the line is dead")

    path.write_bytes(b"other")
    monkeypatch.setattr(type(store), "mv", broken)
    with pytest.raises(StoreError, match=r"'memory://out/sub/r.mp4' cannot be written: the line is dead"):
        files.store(path, "memory://out/sub/r.mp4")
    assert store.find("/out") == ["/out/sub/r.mp4"] and store.cat_file("/out/sub/r.mp4") == b"video"


@pytest.mark.parametrize("says_so", [True, False])
def test_a_store_whose_rename_replaces_nothing(files, store, monkeypatch, says_so):
    move = type(store).mv

    def careful(self, source, target, **kwargs):
        if not self.exists(target):
            return move(self, source, target, **kwargs)
        if says_so:
            raise FileExistsError(errno.EEXIST, "it is there")
        return None

    monkeypatch.setattr(type(store), "mv", careful)
    for content in (b"one", b"two"):
        path = files.scratch("r.mp4")
        path.write_bytes(content)
        files.store(path, "memory://out/r.mp4")
        assert store.cat_file("/out/r.mp4") == content and store.find("/out") == ["/out/r.mp4"]


def test_a_file_that_comes_in_half_is_fetched_anew(files, store, monkeypatch):
    store.pipe("/in/x.png", b"picture")
    get = type(store).get_file

    def torn(self, path, copy, **kwargs):
        Path(copy).write_bytes(b"pic")
        raise ConnectionResetError("the line is dead")

    monkeypatch.setattr(type(store), "get_file", torn)
    with pytest.raises(StoreError, match=r"'memory://in/x.png' cannot be fetched: the line is dead"):
        files.fetch("memory://in/x.png")
    monkeypatch.setattr(type(store), "get_file", get)
    assert files.fetch("memory://in/x.png").read_bytes() == b"picture"


def test_no_copy_is_left_behind(store):
    files = Files(100)
    store.pipe("/in/x.png", b"picture")
    copy = files.fetch("memory://in/x.png")
    files.close()
    assert not copy.exists()
