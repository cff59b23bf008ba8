"""What is said about the machine, and how it is set up."""

import pytest
import torch

from src.benchmark.machine import machine_facts, one_line, prepare
from src.errors import InputError

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def threads():
    """The number of threads is that of the whole process."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_facts():
    facts = machine_facts(CPU)
    assert facts["torch"] == torch.__version__ and facts["threads"] == torch.get_num_threads()
    assert facts["cores"] >= 1 and facts["device"] == facts["cpu"] and facts["cpu"] and facts["command"]
    assert f"torch {torch.__version__}" in one_line(facts) and "TF32" not in one_line(facts)


def test_tf32_is_said_where_it_matters():
    tf32 = {"matmul": False, "conv": True}
    line = one_line({"device": "H100", "threads": 2, "torch": "2", "tf32": tf32})
    assert line.endswith(f"TF32 allowed by the process {tf32} (off for float32)")


def test_threads():
    assert prepare("cpu", 1) == CPU and torch.get_num_threads() == 1
    assert prepare("cpu", None) == CPU and torch.get_num_threads() == 1
    with pytest.raises(InputError, match="--threads 0 is too few: give 1 or more"):
        prepare("cpu", 0)


def test_a_device_that_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(InputError, match="torch sees no CUDA device here"):
        prepare("cuda", None)
