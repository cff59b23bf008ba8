"""How long work reports on itself."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Called after every frame: the stage's name, frames done, frames in all where that is known.

    What it raises stops the run, which leaves no half file behind; `errors.Cancelled` is meant for that.
    """

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Take one report."""
        ...


def silent(stage: str, done: int, total: int | None) -> None:
    """The progress of a caller who does not want to know."""


def counted(items: Iterable[T], stage: str, total: int | None, progress: Progress) -> Generator[T, None, None]:
    """Pass items on and report each one when the next is asked for."""
    done = 0
    progress(stage, 0, total)
    for done, item in enumerate(items, start=1):
        yield item
        progress(stage, done, total)
    progress(stage, done, done)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` items, the last one shorter."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
