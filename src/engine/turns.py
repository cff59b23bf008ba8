"""Turns: one call at a time uses an engine's networks, whatever thread it comes from."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, TypeVar


class TakesTurns:
    """Base of engines; gives each of them a lock of its own.

    A device holds one batch at a time then, and a network that is built when it is first used is built once.
    """

    def __init__(self) -> None:
        self._turn = RLock()


_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_Taker = TypeVar("_Taker", bound=TakesTurns)
_Method = Callable[Concatenate[_Taker, _Arguments], _Result]


def in_turn(method: _Method[_Taker, _Arguments, _Result]) -> _Method[_Taker, _Arguments, _Result]:
    """A method that waits until no other thread uses the same engine; it may call others of its kind."""

    @wraps(method)
    def alone(self: _Taker, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        with self._turn:
            return method(self, *args, **kwargs)

    return alone
