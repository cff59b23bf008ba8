from pathlib import Path

import pytest

from src.errors import InputError
from src.media.output_file import remove_temporaries, temporary_beside, usual_rights


def test_a_temporary_file_is_hidden_and_of_the_same_kind(tmp_path):
    path = temporary_beside(tmp_path / "new/a.mp4")
    assert path.parent == tmp_path / "new" and path.parent.is_dir() and not path.exists()
    assert path.name.startswith(".") and path.suffix == ".mp4"
    assert temporary_beside(tmp_path / "new/a.mp4") != path


def test_a_file_gets_the_rights_of_others_here(tmp_path):
    (tmp_path / "other").touch()
    with usual_rights(path := tmp_path / "file"):
        path.write_bytes(b"new")
        path.chmod(0o600)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_no_file_can_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a folder"):
        temporary_beside(tmp_path)
    with pytest.raises(InputError, match="cannot be made"):
        temporary_beside(tmp_path / "file/a.mp4")


def test_what_writers_left_is_removed_for_their_files_alone(tmp_path):
    left = [temporary_beside(tmp_path / name) for name in ("a.mp4", "a.mp4", "b", "c/a.mp4")]
    others = [temporary_beside(tmp_path / name) for name in ("d.mp4", "a.mov")]
    others += [tmp_path / name for name in ("a.mp4", ".a.mp4", ".0123456789ab.part.mp4", ".part")]
    for path in (*left, *others):
        path.touch()
    remove_temporaries([*(tmp_path / name for name in ("a.mp4", "b", "c/a.mp4")), Path(tmp_path, "none/a.mp4")])
    assert not [path for path in left if path.exists()] and all(path.exists() for path in others)


def test_a_temporary_file_that_cannot_be_removed_hinders_nothing(tmp_path):
    held, left = temporary_beside(tmp_path / "a.mp4"), temporary_beside(tmp_path / "a.mp4")
    held.mkdir()  # as good as one that another program holds open, where that counts
    left.touch()
    remove_temporaries([tmp_path / "a.mp4"])
    assert held.exists() and not left.exists()
