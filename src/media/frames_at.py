"""Frames of a stream by their numbers, for showing streams of different rates side by side."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def frames_at(frames: Iterable[Item], indices: Iterable[int]) -> Iterator[Item]:
    """Pass the frame with each index; frames in between are skipped, and past the end the last one is held.

    Args:
        frames: a stream, run through once and only as far as needed.
        indices: numbers of frames, never decreasing.

    Yields:
        One frame an index; none if the stream holds none.
    """
    numbered = enumerate(frames)
    current = next(numbered, None)
    for index in indices:
        while current is not None and current[0] < index:
            following = next(numbered, None)
            if following is None:
                break
            current = following
        if current is None:
            return
        yield current[1]
