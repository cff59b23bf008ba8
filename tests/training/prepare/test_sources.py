import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import MissingFileError
from src.media.picture import write_picture
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


def stem(name: str) -> str:
    return Source(Path(name), name, "clip", 0, 0).stem


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=[]), min_size=1))
def test_names_are_safe(name):
    assert re.fullmatch("[A-Za-z0-9_-]{8,70}", stem(name)) and not stem(name).startswith("_")


def test_names_are_readable_and_of_one_file_alone():
    assert stem("clips/0002_0.mp4").startswith("clips_0002_0_")
    names = ["a/b.mp4", "a_b.mp4", "a/b.mkv", "A/b.mp4", "a b.mp4", "ä.mp4", "ö.mp4", f"{'x' * 200}1.mp4", "x" * 200]
    assert len({stem(name).casefold() for name in names}) == len(names)
