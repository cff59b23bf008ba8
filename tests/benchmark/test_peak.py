"""The machine's best, on matrices that are too small to tell."""

import pytest
import torch

from src.benchmark.peak import measure_peak
from src.benchmark.peak_memory import peak_memory_mib

CPU = torch.device("cpu")


def test_peak():
    figures = list(measure_peak(CPU, ["float32", "bfloat16"], runs=1, warmup=0, side=64))
    assert [(figure.operation, figure.precision) for figure in figures] == [
        ("gemm", "float32"),
        ("conv", "float32"),
        ("gemm", "bfloat16"),
        ("conv", "bfloat16"),
    ]
    gemm = figures[0]
    assert gemm.gflops == pytest.approx(2 * 64**3 / gemm.timing.median / 1e9) and gemm.gflops > 0


def test_memory_of_a_call():
    mib = peak_memory_mib(lambda: torch.ones(64 * 2**18).sum(), CPU)  # 64 MiB
    assert 60 < mib < 90
    assert peak_memory_mib(lambda: None, CPU) < 10


def test_what_a_call_raises_comes_through():
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        peak_memory_mib(fail, CPU)
