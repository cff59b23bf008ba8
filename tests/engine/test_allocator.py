import contextlib
import os
import sys

import psutil
import pytest
import torch

from src.engine import allocator as module
from src.engine.allocator import keep_freed_memory, trim_memory, trimmed_memory


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can do it")
def test_freed_memory_goes_back():
    process = psutil.Process()
    kept = [torch.ones(2**14) for _ in range(4000)]  # pieces of 64 KiB, 250 MiB in all
    last = torch.ones(2**14)  # lies above them and stays
    kept.clear()
    before = process.memory_info().rss
    trim_memory()
    assert before - process.memory_info().rss > 100 * 2**20
    assert last.sum() == 2**14


def test_other_c_libraries(monkeypatch):
    monkeypatch.setattr(module.ctypes, "CDLL", lambda name: object())
    trim_memory()
    keep_freed_memory()
    with trimmed_memory():
        pass


def test_around_a_block(monkeypatch):
    """Also around one that fails, as where the memory did not suffice."""
    happened: list[str] = []
    monkeypatch.setattr(module, "trim_memory", lambda: happened.append("trimmed"))
    with trimmed_memory():
        happened.append("done")
    with pytest.raises(MemoryError), trimmed_memory():
        happened.append("failing")
        raise MemoryError
    assert happened == ["trimmed", "done", "trimmed", "trimmed", "failing", "trimmed"]


class FakeLibrary:
    answer = 1

    def __init__(self) -> None:
        self.options: list[tuple[int, int]] = []

    def mallopt(self, option: int, value: int) -> int:
        self.options.append((option, value))
        return self.answer

    def malloc_trim(self, pad: int) -> int:
        self.options.append((0, pad))
        return self.answer


@pytest.fixture
def library(monkeypatch) -> FakeLibrary:
    library = FakeLibrary()
    for name in [name for name in os.environ if name.startswith(("MALLOC_", "GLIBC_TUNABLES"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(module.ctypes, "CDLL", lambda name: library)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(module, "_kept", module._Kept())
    return library


def test_large_blocks_are_kept(library):
    keep_freed_memory()
    assert library.options == [(-3, 2**30), (-1, 2**31 - 1)]


@pytest.mark.parametrize(
    ("name", "value", "left_alone"),
    [
        ("MALLOC_TRIM_THRESHOLD_", "100000", True),
        ("MALLOC_MMAP_THRESHOLD_", "100000", True),
        ("MALLOC_TOP_PAD_", "1", True),
        ("MALLOC_ARENA_MAX", "2", True),
        ("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=100000", True),
        ("GLIBC_TUNABLES", "glibc.rtld.nns=4:glibc.malloc.trim_threshold=100000", True),
        ("GLIBC_TUNABLES", "glibc.rtld.nns=4", False),
        ("GLIBC_TUNABLES", "", False),
    ],
)
def test_what_the_user_says_about_memory_counts(library, monkeypatch, name, value, left_alone):
    monkeypatch.setenv(name, value)
    keep_freed_memory()
    assert (library.options == []) is left_alone


def test_an_old_library_refuses(library):
    library.answer = 0
    keep_freed_memory()
    assert library.options == [(-3, 2**30)]


def test_other_systems_are_left_alone(library, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    keep_freed_memory()
    assert library.options == []


@pytest.mark.parametrize("fails", [False, True])
def test_while_weights_are_built_large_blocks_are_not_kept(library, fails):
    keep_freed_memory()
    library.options.clear()
    with contextlib.suppress(MemoryError), trimmed_memory():
        library.options.append((0, 1))
        if fails:
            raise MemoryError
    assert library.options == [(0, 0), (-3, 2**20), (0, 1), (-3, 2**30), (0, 0)]


def test_the_last_one_that_builds_has_them_kept_again(library):
    keep_freed_memory()
    library.options.clear()
    with trimmed_memory():
        with trimmed_memory():
            pass
        assert (-3, 2**30) not in library.options
    assert library.options[-2:] == [(-3, 2**30), (0, 0)]


def test_who_does_not_keep_them_is_left_alone(library):
    with trimmed_memory():
        pass
    assert library.options == [(0, 0), (0, 0)]
