"""Prepare many files in processes of one thread each.

The networks are imported where they are needed, so that a process begins soon.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from functools import cache, partial
from itertools import islice
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import TYPE_CHECKING

from .file_record import FileRecord
from .options import ShotOptions
from .records import Records
from .sources import Source

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

    from .one_file import Preparer

_AHEAD = 2  # files a worker has in its queue, so that it never waits for the next
_DIED = (
    "the process that read it ended without a word: too little memory, or a fault in a decoder; later runs leave it "
    "out, unless they are told to --retry"
)

Stopped = Callable[[], bool]
Make = Callable[[Path, ShotOptions, Stopped], "Preparer"]
Begin = Callable[[Stopped], "Preparer"]

_make: Callable[[], Preparer] | None = None  # of this worker


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare_files(
    folder: Path, options: ShotOptions, sources: Sequence[Source], workers: int, make: Make | None = None
) -> Generator[FileRecord, None, None]:
    """Prepare files, each in one of several processes; not even a single file is read in this one.

    A file whose process dies takes nothing with it: those that were in work beside it are done again, one by one. Its
    death is remembered.

    Args:
        folder: the training folder, ready for a run.
        options: that decide about the shots.
        sources: the files; the largest should come first, so that all end together.
        workers: number of processes.
        make: makes what prepares a file, for tests.

    Yields:
        Records in the order in which files are done. Closing the iterator, or an error such as Ctrl-C, stops all work
        at the next frame and leaves no half file.

    Raises:
        LivePortraitError: the training folder or the face networks cannot be used.
    """
    begin = partial(make or (_preparer if workers == 1 else _one_thread), folder, options)
    left = dict.fromkeys(sources)
    while left:
        suspects: list[Source] = []
        with closing(_side_by_side(begin, list(left), workers, suspects)) as pairs:
            for source, record in pairs:
                del left[source]
                yield record
        for source in suspects:
            del left[source]
            with closing(_side_by_side(begin, [source], 1, [])) as pairs:
                records = [record for _, record in pairs]
            yield records[0] if records else _dead(folder, source)


def _dead(folder: Path, source: Source) -> FileRecord:
    record = FileRecord.of(source, error=f"'{source.path}': {_DIED}")
    Records(folder).write(source, record)
    return record


def _side_by_side(
    begin: Begin, sources: Sequence[Source], workers: int, suspects: list[Source]
) -> Generator[tuple[Source, FileRecord], None, None]:
    """Prepare files until all are done or a process dies; then `suspects` is filled with those that were in work."""
    queue = iter(sources)
    with _pool(begin, workers) as pool:
        running: dict[Future[FileRecord], Source] = {}
        try:
            while True:
                for source in islice(queue, _AHEAD * workers - len(running)):
                    running[pool.submit(_prepare, source)] = source
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    record = future.result()
                    yield running.pop(future), record
        except BrokenProcessPool:
            suspects += running.values()


@contextmanager
def _pool(begin: Begin, workers: int) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")  # a fork would take over locks of threads that it has not
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _begin, (begin, stop))
    try:
        yield pool
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _begin(begin: Begin, stop: Event) -> None:
    """Make this process a worker."""
    global _make
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one tells the others
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _make = cache(partial(begin, stop.is_set))  # made with the first file, which can tell of errors


def _preparer(folder: Path, options: ShotOptions, stopped: Stopped) -> Preparer:
    from .one_file import Preparer

    return Preparer(folder, options, stopped)


def _one_thread(folder: Path, options: ShotOptions, stopped: Stopped) -> Preparer:
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)  # the face networks, too, take as many
    return _preparer(folder, options, stopped)


def _prepare(source: Source) -> FileRecord:
    assert _make is not None, "workers begin with _begin"
    return _make().prepare(source)


def _end_with_parent() -> None:
    """A parent that is killed cannot say so, and its workers would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)
