"""Facts about the machine that figures belong to."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Any

import psutil
import torch

from ..engine.device import resolve_device
from ..errors import InputError


def machine_facts(device: torch.device) -> dict[str, Any]:
    """What a reader needs to know to compare figures: processor, GPU, versions, threads, TF32."""
    facts: dict[str, Any] = {
        "cpu": _cpu_name(),
        "cores": psutil.cpu_count(logical=False) or os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "device": device_name(device),
        "command": " ".join(sys.argv),
    }
    if device.type == "cuda":
        facts["cuda"] = torch.version.cuda
        facts["cudnn"] = torch.backends.cudnn.version()
        facts["tf32"] = {"matmul": torch.backends.cuda.matmul.allow_tf32, "conv": torch.backends.cudnn.allow_tf32}
    return facts


def device_name(device: torch.device) -> str:
    """The device in words."""
    return (
        torch.cuda.get_device_name(device) if device.type == "cuda" else _cpu_name() if device.type == "cpu" else "mps"
    )


def one_line(facts: dict[str, Any]) -> str:
    """The facts for the line under a table."""
    tf32 = f", TF32 allowed by the process {facts['tf32']} (off for float32)" if "tf32" in facts else ""
    return f"{facts['device']}, {facts['threads']} threads, torch {facts['torch']}{tf32}"


def prepare(device: str, threads: int | None) -> torch.device:
    """The device to measure, with so many threads on the processor.

    Args:
        device: auto, cpu, cuda, cuda:N or mps.
        threads: of torch; None = as many as it likes.

    Raises:
        InputError: no such device, or fewer threads than one.
    """
    if threads is not None:
        if threads < 1:
            raise InputError(f"--threads {threads} is too few: give 1 or more")
        torch.set_num_threads(threads)
    return resolve_device(device)


def _cpu_name() -> str:
    """The processor's name; Linux alone tells it in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
