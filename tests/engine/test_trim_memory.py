import sys

import psutil
import pytest
import torch

from src.engine import trim_memory as module
from src.engine.trim_memory import trim_memory, trimmed_memory


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
