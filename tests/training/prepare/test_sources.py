import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError, MissingFileError
from src.media.picture import write_picture
from src.training.prepare import sources as module
from src.training.prepare.sources import Source, find_sources
from tests.media.clips import make_clip
from tests.training.prepare.footage import wall


@pytest.fixture
def folder(tmp_path):
    write_picture(tmp_path / "b.jpg", wall())
    write_picture(tmp_path / "deep/er/a.png", wall())
    make_clip(tmp_path / "deep/clip.mp4", [0, 1])
    (tmp_path / "deep/clip.mp4").rename(tmp_path / "deep/clip.JPG")  # content counts, not the name
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.mp4").touch()
    write_picture(tmp_path / ".hidden/c.jpg", wall())
    write_picture(tmp_path / "data/d.jpg", wall())
    (tmp_path / "deep/up").symlink_to(tmp_path)
    return tmp_path


def test_a_folder_is_searched(folder):
    sources, others = find_sources(folder, without=folder / "data")
    assert [(source.name, source.kind) for source in sources] == [
        ("b.jpg", "still"),
        ("deep/clip.JPG", "clip"),
        ("deep/er/a.png", "still"),
    ]
    assert sources[0].bytes == (folder / "b.jpg").stat().st_size
    assert set(others) == {"notes.txt", "empty.mp4"} and "is empty" in others["empty.mp4"]


def test_a_single_file(folder):
    ((source,), others) = find_sources(folder / "b.jpg", without=folder / "data")
    assert source.name == "b.jpg" and not others


def test_nothing_there(tmp_path):
    with pytest.raises(MissingFileError, match="does not exist"):
        find_sources(tmp_path / "none", tmp_path)


def test_linked_folders_are_gone_into_once(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_picture(elsewhere / "e.jpg", wall())
    (elsewhere / "back").symlink_to(folder)
    for name in ("a_link", "z_link"):
        (folder / name).symlink_to(elsewhere)
    (folder / "a_deep").symlink_to(folder / "deep")  # what is not linked comes first
    sources, _ = find_sources(folder, without=folder / "data")
    assert [source.name for source in sources] == ["a_link/e.jpg", "b.jpg", "deep/clip.JPG", "deep/er/a.png"]


def test_a_folder_that_cannot_be_read_is_told_of(folder, monkeypatch):
    def refuse(path):
        if path.name == forbidden:
            raise PermissionError(13, "Permission denied")
        return iterdir(path)

    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", refuse)
    forbidden = "er"
    sources, others = find_sources(folder, without=folder / "data")
    assert [source.name for source in sources] == ["b.jpg", "deep/clip.JPG"]
    assert "Permission denied" in others["deep/er/"]
    forbidden = folder.name
    with pytest.raises(InputError, match="Permission denied"):
        find_sources(folder, without=folder / "data")


def test_no_two_files_share_a_name(folder, monkeypatch):
    write_picture(folder / "deep_er_A.jpg", wall())
    assert len(find_sources(folder, folder / "data")[0]) == 4
    monkeypatch.setattr(module, "_HASHED", 0)
    with pytest.raises(InputError, match=r"'deep/er/a\.png' and 'deep_er_A\.jpg'"):
        find_sources(folder, folder / "data")


def stem(name: str) -> str:
    return Source(Path(name), name, "clip", 0, 0).stem


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=[]), min_size=1))
def test_names_are_safe(name):
    assert re.fullmatch("[A-Za-z0-9_-]{16,80}", stem(name)) and not stem(name).startswith("_")


def test_names_are_readable_and_of_one_file_alone():
    assert re.fullmatch("clips_0002_0_[0-9a-f]{16}", stem("clips/0002_0.mp4"))
    names = ["a/b.mp4", "a_b.mp4", "a/b.mkv", "A/b.mp4", "a b.mp4", "ä.mp4", "ö.mp4", f"{'x' * 200}1.mp4", "x" * 200]
    assert len({stem(name).casefold() for name in names}) == len(names)
