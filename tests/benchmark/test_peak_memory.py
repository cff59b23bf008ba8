"""No look at the memory is lost."""

import threading
import time
from types import SimpleNamespace

import psutil
import torch

from src.benchmark import peak_memory
from src.benchmark.peak_memory import peak_memory_mib


def test_the_last_look_is_not_lost(monkeypatch):
    """The watcher has read little before the call's end, and says so only after the last look at much."""
    looked, ended = threading.Event(), threading.Event()

    class Process:
        def memory_info(self):
            if threading.current_thread() is threading.main_thread():
                if not looked.is_set():
                    return SimpleNamespace(rss=2**20)
                ended.set()
                return SimpleNamespace(rss=9 * 2**20)
            looked.set()
            assert ended.wait(5)
            time.sleep(0.05)  # as if this thread had to wait for its turn
            return SimpleNamespace(rss=2 * 2**20)

    monkeypatch.setattr(psutil, "Process", Process)
    assert peak_memory_mib(lambda: looked.wait(5), torch.device("cpu")) == 8


def test_what_was_held_only_during_the_call_counts(monkeypatch):
    held, looked = [1.0], threading.Event()

    class Process:
        def memory_info(self):
            if held[0] > 1 and threading.current_thread() is not threading.main_thread():
                looked.set()
            return SimpleNamespace(rss=int(held[0] * 2**20))

    def call() -> None:
        held[0] = 5.0
        assert looked.wait(5)
        looked.clear()
        assert looked.wait(5)  # so the first look was kept
        held[0] = 2.0

    monkeypatch.setattr(peak_memory.psutil, "Process", Process)
    assert peak_memory_mib(call, torch.device("cpu")) == 4
