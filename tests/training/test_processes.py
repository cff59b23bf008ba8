"""Two processes that train together."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from src.training import processes

ROOT = Path(__file__).parents[2]


def test_alone_there_is_nothing_to_average():
    p = torch.ones(2, requires_grad=True)
    p.grad = torch.full((2,), 3.0)
    processes.average_gradients([p])
    assert (processes.rank(), processes.count(), p.grad.tolist()) == (0, 1, [3.0, 3.0])


CODE = """
import sys, torch
from src.training import processes
with processes.together(torch.device("cpu")):
    rank = processes.rank()
    p = torch.zeros(2, requires_grad=True)
    p.grad = torch.tensor([1.0 + rank, 4.0])
    statistic, counter = torch.tensor([float(rank)]), torch.tensor(7)
    processes.average_gradients([p, torch.zeros(1, requires_grad=True)])
    processes.average_buffers([statistic, counter])
    assert p.grad.tolist() == [1.5, 4.0] and statistic.tolist() == [0.5] and int(counter) == 7, (p.grad, statistic)
"""


def torchrun(*words):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def test_two_have_the_mean_of_their_gradients(tmp_path):
    (tmp_path / "code.py").write_text(CODE)
    done = torchrun(tmp_path / "code.py")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_two_train_one_model(toy_data, tmp_path):
    """Their weights differ from those of one process, since each has batches of its own, and they export once."""
    for name, run in (("one", None), ("two", torchrun)):
        words = ["--data", toy_data, "--output", tmp_path / name, "--stage", 2, "--steps", 3, "--sources", 4]
        if run is None:
            from src.cli.train import main

            assert main([str(word) for word in words]) == 0
        else:
            done = run(ROOT / "train.py", *words)
            assert done.returncode == 0, done.stderr
            assert len(done.stdout.split()) == 1
    one, two = (
        load_file(tmp_path / name / "weights/compact/stitching_retargeting.safetensors") for name in ("one", "two")
    )
    assert one.keys() == two.keys() and any(not torch.equal(one[key], two[key]) for key in one)
