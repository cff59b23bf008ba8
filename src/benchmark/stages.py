"""Where the time of a whole run goes: clocks that are put around the pipeline's stages from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from ..engine.engine import Engine
from ..face.tracking import FaceTracker
from ..media.video_reader import VideoReader
from ..media.video_writer import VideoWriter
from ..motion.transfer import Transfer
from ..pipeline import animate
from ..pipeline.compose import Composer
from ..pipeline.face_record import FaceRecord
from ..pipeline.report import StageClock

SOURCE = "source"
NETWORKS = "networks"


class BusyTimes(StageClock):
    """A clock to put around functions; within a stage, other stages of the same thread are not counted again."""

    def __init__(self) -> None:
        super().__init__()
        self._here = threading.local()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time in the block to a stage, unless the thread is in one already."""
        if getattr(self._here, "busy", False):
            yield
            return
        self._here.busy = True
        try:
            with super().stage(name):
                yield
        finally:
            self._here.busy = False

    def around(self, work: Callable[..., Any], name: str) -> Callable[..., Any]:
        """A function whose calls count to a stage."""

        @wraps(work)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                return work(*args, **kwargs)

        return timed

    def around_items(self, work: Callable[..., Iterator[Any]], name: str) -> Callable[..., Iterator[Any]]:
        """A function of an iterator, whose items count to a stage while they are made."""

        @wraps(work)
        def timed(*args: Any, **kwargs: Any) -> Iterator[Any]:
            return self.timed(work(*args, **kwargs), name)

        return timed


@contextmanager
def timed_stages(engine: Engine) -> Iterator[BusyTimes]:
    """Measure every run of an engine within the block; other runs in this process meanwhile would count as well."""
    times = BusyTimes()
    recorder = type(engine.record_motion())
    calls: dict[str, list[tuple[Any, str]]] = {
        SOURCE: [(animate, "read_source")],
        "tracking": [(FaceTracker, "feed")],
        "motion": [
            (FaceRecord, "add"),
            *((recorder, name) for name in ("add", "add_meshes", "motion")),
            *((Transfer, name) for name in ("__init__", "x_d")),
        ],
        NETWORKS: [(type(engine), "encode_source"), (type(engine), "draw")],
        "paste back": [(Composer, "result")],
        "side by side": [(Composer, "side_by_side")],
        "encode": [(VideoWriter, "write"), (VideoWriter, "__exit__")],
    }
    with ExitStack() as stack:
        stack.enter_context(replaced(VideoReader, "__iter__", times.around_items(VideoReader.__iter__, "decode")))
        for stage, places in calls.items():
            for owner, name in places:
                stack.enter_context(replaced(owner, name, times.around(getattr(owner, name), stage)))
        yield times


@contextmanager
def replaced(owner: object, name: str, value: object) -> Iterator[None]:
    """Give an object, class or module another attribute while the block lasts."""
    own = name in vars(owner)
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, before)
        else:
            delattr(owner, name)
