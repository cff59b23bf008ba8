import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from src.media.owned_folder import OwnedFolder

ROOT = Path(__file__).parents[2]
OWNER = """
import sys, time
from src.media.owned_folder import OwnedFolder
folder = OwnedFolder("owned-test-")
(folder.path / "file").write_bytes(b"x")
print(folder.path, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temp(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_it_goes_with_all_that_is_in_it(temp):
    folder = OwnedFolder("owned-test-")
    assert folder.path.parent == temp and folder.path.is_dir()
    (folder.path / "file").write_bytes(b"x")
    folder.close()
    assert list(temp.iterdir()) == []


def test_what_a_killed_process_left_goes_and_what_a_living_one_has_stays(temp):
    owner = subprocess.Popen([sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        theirs = Path(owner.stdout.readline().strip())
        first = OwnedFolder("owned-test-")
        assert (theirs / "file").exists() and first.path != theirs
        OwnedFolder("other-").close()
    finally:
        owner.kill()
        owner.wait()
    second = OwnedFolder("owned-test-")
    assert not theirs.exists() and first.path.exists()
    for folder in (first, second):
        folder.close()
    assert list(temp.iterdir()) == []


def test_folders_without_a_lock_are_nobodys_business(temp):
    (temp / "owned-test-x").mkdir()
    OwnedFolder("owned-test-").close()
    assert (temp / "owned-test-x").exists()
