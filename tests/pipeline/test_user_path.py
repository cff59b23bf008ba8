from pathlib import Path

import pytest

from src.errors import InputError
from src.pipeline.user_path import usable, user_path


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


def test_a_loop_of_links(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError, match=r"'.*/a' cannot be used"):
        usable(tmp_path / "a")
