"""`train.py` and the command `liveportrait-train`: train a model on prepared data."""

from __future__ import annotations

import os
from collections.abc import Sequence

import tyro
from rich.console import Console

from ..training.options import TrainOptions
from .console import ProgressBars, run_command

DESCRIPTION = """Train a model on data of prepare_data.py.

Examples:
  python train.py --config compact --data DATA --steps 20000 --export runs/compact
  python train.py --config compact --data DATA --steps 20000 --export runs/compact --resume
  python train.py --config compact --stage 2 --data DATA --steps 4000 --export runs/compact
  python train.py --config compact --stage 3 --data DATA --steps 1000 --init runs/compact --export runs/compact
  python train.py --config compact --stage 4 --data DATA --steps 700 --init LARGER --export runs/smaller
  python train.py --config base --data DATA --steps 500000 --device cuda
  torchrun --nproc_per_node 2 train.py --config compact --data DATA --steps 20000"""


def parse(argv: Sequence[str] | None = None) -> TrainOptions:
    """Read a command line; wrong options end the program with tyro's message and exit code 2."""
    return tyro.cli(TrainOptions, description=DESCRIPTION, args=argv, use_underscores=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, train, export; returns the exit code."""
    return run_command(parse, _train, argv)


def _train(args: TrainOptions, console: Console) -> str | None:
    from ..training.run import train  # takes seconds to import: not for --help

    _set_threads(args.threads)
    if int(os.environ.get("RANK", 0)):  # the first process reports for all
        console.quiet = True
        train(args)
        return None
    with ProgressBars(console, unit="steps/s") as progress:
        return "\n".join(str(file) for file in train(args, progress)) or None


def _set_threads(threads: int) -> None:
    """Several processes with several threads each would wait for one another at every barrier."""
    import cv2
    import torch

    if threads or int(os.environ.get("WORLD_SIZE", 1)) > 1:
        torch.set_num_threads(threads or 1)
    cv2.setNumThreads(1)
