"""Two processes that train together."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

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
    processes.average_buffers([counter])
    processes.average_gradients([torch.zeros(1, requires_grad=True)])
    assert processes.any_of_us(rank == 1, False, rank == 0, device=torch.device("cpu")) == (True, False, True)
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


SAME = """
import os, signal, sys, torch, json
from pathlib import Path
from src.training import processes, trainer
from src.training.options import TrainOptions
from src.training.run import train
folder, data = Path(sys.argv[1]), Path(sys.argv[2])
torch.set_num_threads(1)
saved = trainer.Trainer._save
def save(self):
    torch.save(self._stage.networks.state_dict(), folder / f"rank{processes.rank()}.pt")
    saved(self)
trainer.Trainer._save = save
options = json.loads(sys.argv[3])
asked = options.pop("asked", 0)
def progress(stage, done, total):
    if processes.rank() == 1 and done == asked:
        os.kill(os.getpid(), signal.SIGTERM)
try:
    train(TrainOptions(data, output=folder / "run", device="cpu", backbone="none", sample_every=0, **options), progress)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"steps": 2, "sources": 1},
        {"steps": 2, "sources": 4, "stage": 2},
        {"steps": 9, "sources": 1, "stop_after": 1e-9},
        {"steps": 9, "sources": 4, "stage": 2, "asked": 3},
    ],
)
def test_two_train_one_model(toy_data, tmp_path, options):
    """Both end with the same weights; one that is late or asked for an end stops both, and the first tells of it."""
    (tmp_path / "same.py").write_text(SAME)
    done = torchrun(tmp_path / "same.py", tmp_path, toy_data, json.dumps(options))
    assert done.returncode == int("asked" in options), done.stderr
    failed = re.findall(r"\(exitcode: (\d+)\) local_rank: (\d+)", done.stderr)
    assert failed == [("130", "0")] * done.returncode
    one, two = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert one.keys() == two.keys() and all(torch.equal(one[key], two[key]) for key in one)
    steps = options.get("asked") or (1 if "stop_after" in options else options["steps"])
    assert [path.name for path in (tmp_path / "run/checkpoints").iterdir()] == [f"step_{steps:09d}.pt"]
