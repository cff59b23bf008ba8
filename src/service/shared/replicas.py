"""`Replicas`: which of the services that share a folder are alive."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...storage.shared_folder import SharedFolder

_FOLDER = "services"
PATIENCE = 15.0  # seconds without a sign after which a service is taken for dead
_SHYNESS = 5.0  # seconds for which one that was heard of may not have been seen yet: disks of a network take their time
_FORGOTTEN = 20 * PATIENCE


class Replicas:
    """Signs of life. Clocks of machines differ: a sign counts from when this service saw that it had changed.

    Args:
        folder: which is shared.
        name: of this service.
        clock: seconds that only ever grow.
    """

    def __init__(self, folder: SharedFolder, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._name, self._clock = folder, name, clock
        self._beats = 0
        self._seen: dict[str, tuple[bytes, float]] = {}
        self._left: dict[str, float] = {}  # those that took their signs away, and when that was seen
        self._strangers: dict[str, float] = {}  # when those were first heard of that no sign was seen of

    def beat(self) -> None:
        """Give a sign, and look for those of others.

        Raises:
            OSError: the folder cannot be reached.
        """
        self._beats += 1
        self._folder.write(f"{_FOLDER}/{self._name}", str(self._beats).encode())
        seen: dict[str, tuple[bytes, float]] = {}
        for name in self._folder.names(_FOLDER):
            content, now = self._folder.read(f"{_FOLDER}/{name}"), self._clock()
            if content is None:
                continue
            before = self._seen.get(name)
            seen[name] = (content, now) if before is None or before[0] != content else before
            if now - seen[name][1] > _FORGOTTEN:
                self._folder.remove(f"{_FOLDER}/{name}")
        now = self._clock()
        left = self._left | dict.fromkeys(self._seen.keys() - seen.keys(), now)
        self._left, self._strangers = (
            {name: at for name, at in times.items() if name not in seen and now - at < _FORGOTTEN}
            for times in (left, self._strangers)
        )
        self._seen = seen

    def is_alive(self, name: str) -> bool:
        """Whether a service is at work.

        Raises:
            OSError: the folder cannot be reached.
        """
        if name == self._name:
            return True
        seen, now = self._seen.get(name), self._clock()
        if seen is not None:
            return now - seen[1] <= PATIENCE
        if name in self._left:
            return False
        first = self._strangers.setdefault(name, now)
        return now - first <= _SHYNESS

    def alive(self) -> int:
        """How many are."""
        return sum(map(self.is_alive, {*self._seen, self._name}))

    def leave(self) -> None:
        """This one ends: what it holds is free.

        Raises:
            OSError: the folder cannot be reached.
        """
        self._folder.remove(f"{_FOLDER}/{self._name}")
