"""Carries out a pickle step by step, for the few steps that plain values need; Python's unpickler never sees the file.

That one hashes, compares and reserves memory as a file tells it to: a tuple that holds itself twice over, forty times,
keeps it busy for ever. Here only strings are hashed, the number of steps is bounded by the file's length, and nothing
walks through what has been built.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any, NoReturn

from ..errors import TemplateError

NAME_SIGNS = 80  # of a word of the file in a message

_FREE_STEPS = 1000
_BYTES_A_STEP = 2  # at the least, on average: real templates have 3.4 to 5
_MEMO_WRITES = ("PUT", "BINPUT", "LONG_BINPUT")
_ARGUMENTS = (  # steps whose argument is the value
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "SHORT_BINBYTES", "BINBYTES", "BYTEARRAY8"),
)


def run_pickle(
    data: bytes, find: Callable[[str, str], Any], call: Callable[..., Any], build: Callable[..., None]
) -> Any:
    """The value that a pickle holds.

    Args:
        data: a pickle of any protocol.
        find: gives what a module and a name stand for, or refuses.
        call: gives what a function and a tuple of arguments make, or refuses.
        build: puts a state into an object, or refuses.

    Raises:
        TemplateError: if it needs steps that are not taken, or too many.
        Exception: of any kind, if it is damaged.
    """
    machine = _Machine(find, call, build)
    left = len(data) // _BYTES_A_STEP + _FREE_STEPS
    for opcode, argument, _position in pickletools.genops(data):
        left -= 1
        if left < 0:
            raise TemplateError("the pickle takes more steps than a motion template of its length")
        if opcode.name in _MEMO_WRITES and not 0 <= int(argument or 0) <= len(data):
            raise TemplateError("the pickle is damaged: memo index out of range")
        step = _STEPS.get(opcode.name)
        if step is None:
            raise TemplateError(f"the pickle holds something that no motion template needs ({opcode.name})")
        step(machine, argument)
    return machine.pop()


class _Machine:
    """Stack, the stacks below the marks, and memo."""

    def __init__(self, find: Callable[[str, str], Any], call: Callable[..., Any], build: Callable[..., None]) -> None:
        self._find, self._call, self._build = find, call, build
        self._stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}

    def pop(self, _argument: None = None) -> Any:
        return self._stack.pop()

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def mark(self, _argument: None) -> None:
        self._below.append(self._stack)
        self._stack = []

    def since_mark(self) -> list[Any]:
        values, self._stack = self._stack, self._below.pop()
        return values

    def last(self, n: int) -> list[Any]:
        return [self._stack.pop() for _ in range(n)][::-1]

    def memoize(self, _argument: None) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    def get(self, index: int) -> None:
        self.push(self._memo[index])

    def extend(self, values: list[Any]) -> None:
        if type(self._stack[-1]) is not list:
            _refuse_shape()
        self._stack[-1].extend(values)

    def set_items(self, values: list[Any]) -> None:
        keys, entries, target = values[::2], values[1::2], self._stack[-1]
        if type(target) is not dict or len(keys) != len(entries):
            _refuse_shape()
        if not all(type(key) is str for key in keys):  # hashes of all else could be made to be slow
            raise TemplateError("the pickle holds a dictionary whose keys are no names")
        target.update(zip(keys, entries, strict=True))

    def make_dict(self, _argument: None) -> None:
        values = self.since_mark()
        self.push({})
        self.set_items(values)

    def find(self, module: Any, name: Any) -> None:
        if not (type(module) is type(name) is str):
            _refuse_shape()
        self.push(self._find(module, name))

    def reduce(self, _argument: None) -> None:
        function, arguments = self.last(2)
        self.push(self._call(function, arguments))

    def build(self, _argument: None) -> None:
        state = self.pop()
        self._build(self._stack[-1], state)


def _refuse_shape() -> NoReturn:
    raise TemplateError("the pickle is damaged: its parts do not fit together")


_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, argument: None),
    **dict.fromkeys(_ARGUMENTS, _Machine.push),
    "NONE": lambda machine, argument: machine.push(None),
    "NEWTRUE": lambda machine, argument: machine.push(True),
    "NEWFALSE": lambda machine, argument: machine.push(False),
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "MEMOIZE": _Machine.memoize,
    **dict.fromkeys(_MEMO_WRITES, _Machine.put),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "EMPTY_LIST": lambda machine, argument: machine.push([]),
    "LIST": lambda machine, argument: machine.push(machine.since_mark()),
    "APPEND": lambda machine, argument: machine.extend(machine.last(1)),
    "APPENDS": lambda machine, argument: machine.extend(machine.since_mark()),
    "EMPTY_DICT": lambda machine, argument: machine.push({}),
    "DICT": _Machine.make_dict,
    "SETITEM": lambda machine, argument: machine.set_items(machine.last(2)),
    "SETITEMS": lambda machine, argument: machine.set_items(machine.since_mark()),
    "EMPTY_TUPLE": lambda machine, argument: machine.push(()),
    "TUPLE1": lambda machine, argument: machine.push(tuple(machine.last(1))),
    "TUPLE2": lambda machine, argument: machine.push(tuple(machine.last(2))),
    "TUPLE3": lambda machine, argument: machine.push(tuple(machine.last(3))),
    "TUPLE": lambda machine, argument: machine.push(tuple(machine.since_mark())),
    "GLOBAL": lambda machine, argument: machine.find(*argument.split(" ", 1)),
    "STACK_GLOBAL": lambda machine, argument: machine.find(*machine.last(2)),
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
}
