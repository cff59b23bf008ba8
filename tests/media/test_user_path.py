from pathlib import Path

import pytest

from src.errors import InputError
from src.media.user_path import check_writable, usable, user_path


def test_home_is_resolved(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/a.jpg", "source") == tmp_path / "a.jpg"
    assert user_path("~", "source") == tmp_path


@pytest.mark.parametrize("name", ["~draft.jpg", "~nobody-of-that-name/a.jpg", "~$a b.jpg"])
def test_a_tilde_without_a_user_is_a_name(name):
    assert user_path(name, "source") == Path(name)


def test_paths_of_any_type():
    assert user_path(Path("a/b.jpg"), "source") == Path("a/b.jpg")


def test_empty():
    with pytest.raises(InputError, match="--driving is empty"):
        user_path("", "driving")


@pytest.mark.parametrize("name", ["none.jpg", "file/none.jpg", "-x.jpg", "a \"b\" 'c' ü.jpg"])
def test_need_not_exist(tmp_path, name):
    (tmp_path / "file").touch()
    assert usable(tmp_path / name) == tmp_path / name


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(InputError, match=r"too long"):
        usable(tmp_path / ("x" * 300))


@pytest.mark.parametrize("name", ["a\0b.mp4", "~\0/r.mp4", "a\0b/r.mp4", "\ud800.mp4", "\ud800/r.mp4"])
def test_what_no_name_can_hold(name):
    with pytest.raises(InputError, match="cannot be used: no name can hold all of its characters") as caught:
        user_path(name, "output")
    assert str(caught.value).isprintable()


def test_a_loop_of_links(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError, match=r"'.*/a' cannot be used"):
        usable(tmp_path / "a")


@pytest.mark.parametrize("name", ["r.mp4", "new/and/newer/r.mp4", "there/r.mp4"])
def test_writable(tmp_path, name):
    (tmp_path / "there").mkdir()
    check_writable(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("folder", "is a folder"), ("file/r.mp4", "file' is no folder"), ("file/new/r.mp4", "file' is no folder")],
)
def test_not_writable(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=message):
        check_writable(tmp_path / name)


def test_a_folder_that_must_not_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(InputError, match="nothing may be written"):
        check_writable(tmp_path / "new/r.mp4")
