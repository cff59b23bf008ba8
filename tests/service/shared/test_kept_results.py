import pytest

from src.service.shared.kept_results import KeptResults
from src.service.workspace import Workspace
from src.storage.shared_folder import open_shared


@pytest.fixture
def folder():
    """A store, of which files must be copied."""
    system = pytest.importorskip("fsspec").filesystem("memory")
    yield open_shared("memory://kept-results")
    system.rm("/kept-results", recursive=True)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path)


def test_a_copy_bears_the_time_of_the_result(folder, workspace, tmp_path):
    folder.write("results/x.mp4", b"video")
    copies = [KeptResults(folder, Workspace(tmp_path / name)).file("x.mp4", 1000.25) for name in "ab"]
    assert [copy.read_bytes() for copy in copies] == [b"video"] * 2
    assert [copy.stat().st_mtime for copy in copies] == [1000.25] * 2


def test_what_was_fetched_is_not_fetched_again(folder, workspace):
    folder.write("results/x.mp4", b"video")
    kept = KeptResults(folder, workspace)
    kept.file("x.mp4", 1.0)
    folder.write("results/x.mp4", b"never changes")
    assert kept.file("x.mp4", 1.0).read_bytes() == b"video"


def test_what_is_gone_is_gone(folder, workspace):
    folder.write("results/other.mp4", b"")
    assert KeptResults(folder, workspace).file("x.mp4", 1.0) is None
    assert list((workspace.folder / "copies").iterdir()) == []


def test_those_that_were_asked_for_last_stay(folder, workspace):
    kept = KeptResults(folder, workspace, most=25)
    for name in "abc":
        folder.write(f"results/{name}", b"0123456789")
    a, b = kept.file("a", 1.0), kept.file("b", 1.0)
    kept.file("a", 1.0)
    c = kept.file("c", 1.0)
    assert a.exists() and c.exists() and not b.exists()
    folder.write("results/large", bytes(100))
    assert kept.file("large", 1.0).exists() and not a.exists() and not c.exists()
    assert kept.file("b", 1.0).read_bytes() == b"0123456789"


def test_a_result_on_a_disk_is_not_copied(workspace, tmp_path):
    folder = open_shared(str(tmp_path / "common"))
    folder.write("results/x.mp4", b"video")
    kept = KeptResults(folder, workspace)
    assert kept.file("x.mp4", 1.0) == tmp_path / "common/results/x.mp4" and kept.file("y.mp4", 1.0) is None


def test_copies_of_what_is_forgotten_go(folder, workspace):
    first, second = (f"{number:032x}" for number in range(2))
    for number in (first, second):
        folder.write(f"results/{number}_concat.mp4", b"video")
    kept = KeptResults(folder, workspace)
    copies = [kept.file(f"{number}_concat.mp4", 1.0) for number in (first, second)]
    kept.keep_only({second})
    assert [copy.exists() for copy in copies] == [False, True]
