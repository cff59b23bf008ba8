"""TF32 goes off and comes back; torch keeps its switches on machines without CUDA, too."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess
from threading import Event

import pytest
import torch

from src.engine.exact_float32 import exact_float32

CUDA = torch.device("cuda")
CUDNN, MATMUL = torch.backends.cudnn, torch.backends.cuda.matmul


@pytest.fixture(autouse=True)
def allowed():
    """Both kinds of TF32 on, and back to what they were."""
    before = CUDNN.allow_tf32, torch.get_float32_matmul_precision()
    CUDNN.allow_tf32 = True
    torch.set_float32_matmul_precision("medium")
    yield
    CUDNN.allow_tf32 = before[0]
    torch.set_float32_matmul_precision(before[1])


def tf32() -> tuple[bool, bool]:
    return CUDNN.allow_tf32, MATMUL.allow_tf32


def test_convolutions_and_products_are_exact_while_it_lasts():
    with exact_float32(CUDA):
        assert tf32() == (False, False)
        assert torch.get_float32_matmul_precision() == "highest"
    assert tf32() == (True, True) and torch.get_float32_matmul_precision() == "medium"


def test_an_error_brings_it_back():
    with pytest.raises(ValueError, match="lost"), exact_float32(CUDA):
        raise ValueError("lost")
    assert tf32() == (True, True)


def test_a_switch_that_sticks_leaves_the_others_as_they_were(monkeypatch):
    write = torch.set_float32_matmul_precision

    def stick(precision: str) -> None:
        if precision == "highest":
            raise OSError("stuck")
        write(precision)

    with monkeypatch.context() as patched:
        patched.setattr(torch, "set_float32_matmul_precision", stick)
        with pytest.raises(OSError, match="stuck"), exact_float32(CUDA):
            pass
    assert tf32() == (True, True)
    with exact_float32(CUDA):
        assert tf32() == (False, False)
    assert tf32() == (True, True)


@pytest.mark.parametrize(
    ("device", "dtype"),
    [("cpu", torch.float32), ("mps", torch.float32), ("cuda", torch.float16), ("cuda:1", torch.bfloat16)],
)
def test_nothing_is_touched_elsewhere(device, dtype):
    with exact_float32(torch.device(device), dtype):
        assert tf32() == (True, True)


def test_other_settings_stay(monkeypatch):
    for name in ("benchmark", "deterministic"):
        monkeypatch.setattr(CUDNN, name, True)
    monkeypatch.setattr(CUDNN, "enabled", False)
    with exact_float32(CUDA):
        assert CUDNN.benchmark and CUDNN.deterministic and not CUDNN.enabled
    assert CUDNN.benchmark and CUDNN.deterministic and not CUDNN.enabled


def test_threads_that_overlap():
    """The one that came first leaves first: the other one still needs it, and what was there comes back."""
    second_in, first_out = Event(), Event()

    def stay() -> tuple[bool, bool]:
        with exact_float32(CUDA):
            second_in.set()
            assert first_out.wait(10)
            return tf32()

    with ThreadPoolExecutor(1) as threads:
        with exact_float32(CUDA):
            other = threads.submit(stay)
            assert second_in.wait(10)
        first_out.set()
        assert other.result() == (False, False)
    assert tf32() == (True, True)


STATES = """
import os
import sys

import torch
from src.engine.exact_float32 import exact_float32

cudnn, mkldnn, matmul = torch.backends.cudnn, torch.backends.mkldnn, torch.backends.cuda.matmul

def state():
    owners = cudnn.conv, cudnn.rnn, cudnn, matmul, torch.backends, mkldnn, mkldnn.conv, mkldnn.rnn, mkldnn.matmul
    found = [owner.fp32_precision for owner in owners]
    for read in (lambda: cudnn.allow_tf32, lambda: matmul.allow_tf32, torch.get_float32_matmul_precision):
        try:
            found.append(read())
        except RuntimeError:
            found.append("mixed")
    return found

def check(given):
    before = state()
    with exact_float32(torch.device("cuda")):
        assert cudnn.conv.fp32_precision == matmul.fp32_precision == "ieee"
        assert "mixed" in before or "mixed" not in state()  # the old and the new switches do not contradict each other
    assert state() == before, (before, state())
    if cudnn.fp32_precision == "tf32":  # what took this over from it still does
        exec(given.replace("tf32", "ieee"))
        assert cudnn.conv.fp32_precision == cudnn.rnn.fp32_precision == matmul.fp32_precision == "ieee", state()
    if torch.backends.fp32_precision == "ieee":
        assert mkldnn.matmul.fp32_precision == "ieee", state()

for given in sys.argv[1:]:
    if (child := os.fork()) == 0:
        exec(given)
        check(given)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(given, flush=True)
"""
GIVEN = [
    "",
    "cudnn.allow_tf32 = False; matmul.allow_tf32 = True",
    "torch.set_float32_matmul_precision('medium')",
    "matmul.fp32_precision = 'tf32'; cudnn.conv.fp32_precision = 'ieee'",
    "cudnn.fp32_precision = 'tf32'",
    "torch.backends.fp32_precision = 'tf32'",
    "mkldnn.matmul.fp32_precision = 'bf16'",
]


@pytest.fixture(scope="module")
def failed() -> CompletedProcess[str]:
    """What failed of all that was given, a line each; each in a process of its own: some of this cannot be unset."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", STATES, *GIVEN]
    return subprocess.run(command, cwd=root, env=dict(os.environ), check=True, capture_output=True, text=True)


@pytest.mark.skipif(not hasattr(CUDNN, "conv"), reason="older versions of torch have one kind of switch")
@pytest.mark.parametrize("given", GIVEN)
def test_whatever_the_user_has_set_comes_back(failed, given):
    assert given not in failed.stdout.splitlines(), failed.stderr
