"""`exact_float32`: float32 on CUDA that is float32, not TF32, whose 10 bits move the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any

import torch


@contextmanager
def exact_float32(device: torch.device, dtype: torch.dtype = torch.float32) -> Iterator[None]:
    """While it lasts, products and convolutions in float32 on CUDA are exact; for others nothing is changed.

    The switches belong to the whole process: the first thread that enters turns them off, and the last one that leaves
    puts back what was there. All else that is set for cuDNN and cuBLAS stays as it is.

    Args:
        device: where the networks run.
        dtype: their precision.
    """
    if device.type != "cuda" or dtype != torch.float32:
        yield
        return
    _switches.enter()
    try:
        yield
    finally:
        _switches.leave()


class _Switches:
    """Those of TF32, with a count of who wants them off."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._undo = ExitStack()

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                self._undo = _turn_off()
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._undo.close()


_switches = _Switches()


@dataclass(frozen=True)
class _Switch:
    """One of torch's settings, and its value for exact float32; None where it only has to come back."""

    read: Callable[[], Any]
    write: Callable[[Any], None]
    exact: Any

    @classmethod
    def attribute(cls, owner: Any, name: str, exact: Any) -> _Switch:
        return cls(lambda: getattr(owner, name), lambda value: setattr(owner, name, value), exact)

    @classmethod
    def inheriting(cls, owner: Any, parent: Any, exact: str | None) -> _Switch:
        """A newer one, which reads as its parent until it has a value of its own; "none" takes that back."""
        plain = cls.attribute(owner, "fp32_precision", exact)
        return cls(lambda: "none" if plain.read() == parent.fp32_precision else plain.read(), plain.write, exact)


def _all_switches() -> list[_Switch]:
    """The old ones of torch, then those that it has since 2.9, which writing the old ones changes.

    The two kinds must not contradict each other: what `torch.compile` calls reads the old ones.
    """
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    mkldnn: Any = torch.backends.mkldnn
    # allow_tf32 of the products would not bring "medium" back
    products = _Switch(torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest")
    old = [_Switch.attribute(cudnn, "allow_tf32", False), products]
    if not hasattr(cudnn, "conv"):
        return old
    newer = [_Switch.inheriting(owner, cudnn, "ieee") for owner in (cudnn.conv, cudnn.rnn, matmul)]
    return [*old, *newer, _Switch.inheriting(mkldnn.matmul, mkldnn, None)]


def _turn_off() -> ExitStack:
    """Turn TF32 off; closing the result puts back what there was, as an error on the way does.

    An old switch that contradicts a newer one cannot be read, and stays.
    """
    before = []
    for switch in _all_switches():  # all are read before the first is written, which changes others
        with suppress(RuntimeError):
            before.append((switch, switch.read()))
    with ExitStack() as undo:
        for switch, value in reversed(before):  # the last one is called first, and the old ones have to come first
            undo.callback(switch.write, value)
        for switch, _ in before:
            if switch.exact is not None:
                switch.write(switch.exact)
        return undo.pop_all()
