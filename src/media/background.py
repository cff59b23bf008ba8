"""Work in a thread of its own: decoding ahead of the consumer, encoding behind the producer."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")

_PATIENCE = 0.2  # seconds of one wait; on Windows, Ctrl-C is only noticed between waits


def ahead(items: Iterable[Item], depth: int = 4) -> Iterator[Item]:
    """Run through items that a thread prepares while the consumer works on earlier ones.

    The thread begins with the first ``next()`` and is gone when the iterator is: exhausted, closed, or dropped because
    the consumer failed. Ending early waits for the item that is being made, and closes the source where it is a
    generator.

    Args:
        items: the source, run through in the thread.
        depth: most items that are made before they are asked for, at least 1.

    Yields:
        The items, in order.

    Raises:
        BaseException: whatever the source raised, after the items before it.
    """
    channel: _Channel[Item] = _Channel(depth)
    worker = _Worker(lambda: _fill(channel, items), name="ahead")
    worker.start()
    try:
        yield from channel
        worker.wait()
        if worker.failure is not None:
            raise worker.failure
    finally:
        channel.close()
        worker.wait()


class Behind(Generic[Item]):
    """Hands items to a thread that works on them, one by one and in order; a context manager.

    Leaving the block waits until all is done. Leaving it with an error drops what has not been begun.

    Args:
        work: called in the thread with every item. Its first error ends the work: it is raised by the next ``put``,
            or else at the end of the block.
        depth: most items that wait, at least 1; ``put`` blocks when there are more.
    """

    def __init__(self, work: Callable[[Item], None], depth: int = 4) -> None:
        self._work = work
        self._channel: _Channel[Item] = _Channel(depth)
        self._worker = _Worker(self._run, name="behind")

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._channel.end()
                self._worker.wait()
        finally:
            self._channel.close()
            self._worker.wait()
        if kind is None and self._worker.failure is not None:
            raise self._worker.failure

    def put(self, item: Item) -> None:
        """Queue an item; blocks while ``depth`` items wait.

        Raises:
            BaseException: whatever the work raised on an earlier item.
        """
        if not self._channel.put(item):
            self._worker.wait()
            raise self._worker.failure or RuntimeError("put() belongs inside the with block")

    def _run(self) -> None:
        try:
            for item in self._channel:
                self._work(item)
        finally:
            self._channel.close()


class _Worker:
    """A thread that keeps its error, and that can be waited for in spite of Ctrl-C."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self.failure: BaseException | None = None
        self._work = work
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        # join() alone is not enough: interrupted, it takes a running thread for a finished one (Python 3.11)
        while not self._finished.wait(_PATIENCE):
            pass
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.failure = error
        finally:
            self._finished.set()


class _Channel(Generic[Item]):
    """A bounded queue between two threads that either side can end."""

    def __init__(self, depth: int) -> None:
        self._depth = max(depth, 1)
        self._items: deque[Item] = deque()
        self._open = True
        self._changed = threading.Condition()

    def has_room(self) -> bool:
        """Wait for room; False: the channel has ended."""
        with self._changed:
            while self._open and len(self._items) >= self._depth:
                self._changed.wait(_PATIENCE)
            return self._open

    def put(self, item: Item) -> bool:
        """Wait for room and add an item; False: the channel has ended."""
        with self._changed:
            if not self.has_room():
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def end(self) -> None:
        """Take no more items; those in the queue still come out."""
        with self._changed:
            self._open = False
            self._changed.notify_all()

    def close(self) -> None:
        """Take no more items, and drop those in the queue."""
        with self._changed:
            self._items.clear()
            self.end()

    def __iter__(self) -> Iterator[Item]:
        while True:
            with self._changed:
                while self._open and not self._items:
                    self._changed.wait(_PATIENCE)
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item


def _fill(channel: _Channel[Item], items: Iterable[Item]) -> None:
    """Move items while there is room: an item is only made once there is room for it."""
    try:
        source = iter(items)
        try:
            while channel.has_room():
                try:
                    item = next(source)
                except StopIteration:
                    return
                channel.put(item)
        finally:
            if isinstance(source, Generator):
                source.close()
    finally:
        channel.end()
