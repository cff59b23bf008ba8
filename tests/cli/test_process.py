import os
import sys

import pytest

from src.cli import process as module
from src.cli.process import calm_threads, keep_freed_memory


@pytest.mark.parametrize(
    ("given", "spins"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)],
)
def test_what_the_user_says_about_threads_counts(monkeypatch, given, spins):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    calm_threads()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
    monkeypatch.setenv("GOMP_SPINCOUNT", "")  # so that monkeypatch takes it back


class FakeLibrary:
    answer = 1

    def __init__(self) -> None:
        self.options: list[tuple[int, int]] = []

    def mallopt(self, option: int, value: int) -> int:
        self.options.append((option, value))
        return self.answer


@pytest.fixture
def library(monkeypatch) -> FakeLibrary:
    library = FakeLibrary()
    for name in [name for name in os.environ if name.startswith(("MALLOC_", "GLIBC_TUNABLES"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(module.ctypes, "CDLL", lambda name: library)
    monkeypatch.setattr(sys, "platform", "linux")
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


def test_other_c_libraries(monkeypatch):
    monkeypatch.setattr(module.ctypes, "CDLL", lambda name: object())
    keep_freed_memory()
