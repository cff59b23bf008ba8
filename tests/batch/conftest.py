"""A job of small grey pictures whose model needs no networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from src.batch import batch, worker
from src.batch.batch import Tally, run_batch
from src.batch.options import JobOptions, RowOptions, RunnerOptions
from src.config.argument_config import ArgumentConfig
from src.live_portrait_wrapper import LivePortraitWrapper
from src.media.picture import write_picture
from src.pipeline.animate import animate
from src.pipeline.progress import silent
from src.weights.resolve import resolve_model
from tests.pipeline.fakes import FakeDetector, FakeEngine, finders
from tests.pipeline.scenes import grey, make_video
from tests.s3 import bucket as bucket

LEVELS = {"a": [60, 80, 100], "b": [120, 100, 80]}


class FakeWrapper:
    """Takes the place of `LivePortraitWrapper`; what was executed is in `runs`, and `trouble` may raise before that."""

    official_model, animals = "base", False
    check_model = classmethod(LivePortraitWrapper.check_model.__func__)  # type: ignore[attr-defined]
    runs: ClassVar[list[ArgumentConfig]] = []  # emptied for every test
    trouble: ClassVar[Callable[[ArgumentConfig], None] | None] = None
    engine: ClassVar[FakeEngine]

    def __init__(self, inference_cfg, *, crop_cfg, model, weights_dir) -> None:
        type(self).engine = FakeEngine()
        self._detector = FakeDetector()

    def execute(self, args, *, progress=silent, kept=None):
        type(self).runs.append(args)
        if type(self).trouble is not None:
            type(self).trouble(args)
        return animate(self.engine, finders(self._detector), args, progress, kept)


def encoded() -> int:
    """How many sources were encoded by the last worker."""
    return sum(name == "encode" for name, _ in FakeWrapper.engine.events)


def read_drivers() -> list[str]:
    """Names of the drivers whose motion was read, in order."""
    return [Path(args.driving).name for args in FakeWrapper.runs if args.source is None]


@pytest.fixture
def model(monkeypatch) -> type[FakeWrapper]:
    """The model that needs no networks, in place of the real one."""

    for module in (batch, worker):
        monkeypatch.setattr(module, "LivePortraitWrapper", FakeWrapper)
    monkeypatch.setattr(worker, "_PAUSE", 0.0)
    monkeypatch.setattr(FakeWrapper, "runs", [])
    monkeypatch.setattr(FakeWrapper, "trouble", None)
    found = resolve_model("compact")
    monkeypatch.setattr(batch, "resolve_model", lambda *_, **__: found)
    return FakeWrapper


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def media(here) -> Path:
    """Folders `in` with the sources x.png and y.png, and `by` with the drivers a.mp4 and b.mp4, in an empty folder."""
    for number, name in enumerate("xy"):
        noise = np.random.default_rng(number).integers(80, 120, (96, 96, 3), dtype=np.uint8)
        write_picture(here / f"in/{name}.png", noise)
    for name, levels in LEVELS.items():
        make_video(here / f"by/{name}.mp4", levels)
    return here


@pytest.fixture
def black(media) -> Path:
    """A picture without a face."""
    write_picture(media / "black.png", grey(0))
    return media / "black.png"


@pytest.fixture
def run(model, media) -> Callable[..., Tally]:
    """Does a job, by default all sources with all drivers into `out`; options by name."""

    def run(**options) -> Tally:
        if "manifest" not in options and "sources" not in options:
            options |= {"sources": "in", "drivings": "by"}
            options.setdefault("output_dir", "out")
        progress = options.pop("progress", lambda tally: None)
        job = JobOptions(**{name: options.pop(name) for name in vars(JobOptions()) if name in options})
        runner = RunnerOptions(**{name: options.pop(name) for name in vars(RunnerOptions()) if name in options})
        args = ArgumentConfig(**vars(RowOptions()) | {"model": "compact", "device": "cpu"} | options)
        return run_batch(job, runner, args, progress)

    return run
