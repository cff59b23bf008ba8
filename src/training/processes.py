"""Several processes that train together (torchrun): one gradient, the mean of theirs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor


def rank() -> int:
    """Number of this process; 0 when it is alone."""
    return dist.get_rank() if dist.is_initialized() else 0


def count() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def started() -> int:
    """How many processes torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", 1))


def local_rank() -> int:
    """Number of this process among those of its machine: that of its GPU."""
    return int(os.environ.get("LOCAL_RANK", 0))


@contextmanager
def together(device: torch.device) -> Iterator[None]:
    """Join the other processes if torchrun started this one."""
    if "RANK" not in os.environ:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def any_of_us(*mine: bool, device: torch.device) -> tuple[bool, ...]:
    """For each of some facts, whether it is so in any process: what all do at once cannot hang on one alone.

    Args:
        *mine: what is so in this process.
        device: of the networks.
    """
    if count() == 1:
        return mine
    flags = torch.tensor(mine, dtype=torch.float32, device=device)
    dist.all_reduce(flags, dist.ReduceOp.MAX)
    return tuple(bool(flag) for flag in flags.tolist())


@torch.no_grad()
def average_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace every gradient by the mean over all processes, in one message."""
    if count() > 1:
        _average([p.grad for p in parameters if p.grad is not None])


@torch.no_grad()
def average_buffers(buffers: Iterable[Tensor]) -> None:
    """Make running statistics the same everywhere; counters are so already."""
    if count() > 1:
        _average([buffer for buffer in buffers if buffer.is_floating_point()])


def _average(tensors: list[Tensor]) -> None:
    if not tensors:  # critics that have not begun, networks without norms
        return
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    dist.all_reduce(flat)
    flat /= count()
    for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
        tensor.copy_(part.view_as(tensor))
