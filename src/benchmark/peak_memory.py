"""Most memory that a call holds above what was held before it."""

from __future__ import annotations

import threading

import psutil
import torch

from ..engine.allocator import trim_memory
from .timing import Call

_EVERY = 0.002  # seconds between two looks


def peak_memory_mib(call: Call, device: torch.device) -> float:
    """Run a call once and watch how much the GPU's memory, or the process's resident set, grows, in MiB.

    On a processor this is a lower limit: memory that torch or libc still hold from earlier calls is used again unseen.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        start = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        call()
        torch.cuda.synchronize(device)
        return (torch.cuda.max_memory_allocated(device) - start) / 2**20
    trim_memory()
    process, done = psutil.Process(), threading.Event()
    start = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not done.wait(_EVERY):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch, name="memory", daemon=True)
    watcher.start()
    try:
        call()
        last = process.memory_info().rss
    finally:
        done.set()
        watcher.join()
    return (max(peak, last) - start) / 2**20
