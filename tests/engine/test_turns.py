"""Engines in several threads. Up to Python 3.11 cached properties had a lock of their own; later ones do not."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Barrier

import pytest
import torch
from torch import nn

from src.engine.checkpoints import Checkpoints
from src.engine.eager.official import EagerOfficial
from src.engine.official import OfficialEngine
from src.engine.turns import TakesTurns, in_turn

THREADS = 6


class Device(TakesTurns):
    """Notices when it is used by two at once, and how often it builds what it needs."""

    def __init__(self) -> None:
        super().__init__()
        self.users, self.most, self.built = 0, 0, 0

    @in_turn
    def work(self, number: int, *, fail: bool = False) -> int:
        """Double a number."""
        self.users += 1
        self.most = max(self.most, self.users)
        time.sleep(0.005)
        self.users -= 1
        if fail:
            raise ValueError(number)
        return number * self._factor

    @in_turn
    def work_twice(self, number: int) -> int:
        return self.work(self.work(number))

    @cached_property
    def _factor(self) -> int:
        time.sleep(0.005)
        self.built += 1
        return 2


def at_once(*calls):
    """Results of calls that start together, one a thread."""
    start = Barrier(len(calls))

    def run(call):
        start.wait(timeout=10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=10) for future in [pool.submit(run, call) for call in calls]]


def test_one_call_at_a_time():
    device = Device()
    results = at_once(*[lambda i=i: device.work_twice(i) for i in range(THREADS)])
    assert results == [4 * i for i in range(THREADS)]
    assert device.most == 1 and device.built == 1


def test_engines_do_not_wait_for_each_other():
    met = Barrier(2)

    class Meeting(TakesTurns):
        @in_turn
        def meet(self) -> int:
            return met.wait(timeout=10)

    assert sorted(at_once(Meeting().meet, Meeting().meet)) == [0, 1]


def test_an_error_ends_the_turn():
    device = Device()
    with pytest.raises(ValueError, match="3"):
        device.work(3, fail=True)
    assert at_once(lambda: device.work(3)) == [6]


def test_methods_keep_their_names():
    assert Device.work.__name__ == "work" and Device.work.__doc__ == "Double a number."


def test_an_engine_builds_each_network_once(monkeypatch):
    built = []

    class Slow(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    def build(self, network, name):
        time.sleep(0.01)
        built.append(name)
        return Slow()

    monkeypatch.setattr(Checkpoints, "build", build)
    monkeypatch.setattr(Checkpoints, "heads", lambda self: time.sleep(0.01) or built.append("heads") or object())
    checkpoints = Checkpoints({}, {}, torch.device("cpu"))
    engine = OfficialEngine("base", checkpoints, EagerOfficial(checkpoints))
    at_once(*[lambda: engine.encode_source(torch.zeros(1, 3, 2, 2))] * THREADS)
    heads = at_once(*[lambda: engine.heads] * THREADS)
    assert built == ["appearance_feature_extractor", "heads"] and len(set(map(id, heads))) == 1
