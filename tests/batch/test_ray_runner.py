"""Rows done by several workers: who does what, and what becomes of it when workers die."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from src.batch import ray_runner
from src.batch.batch import run_batch
from src.batch.options import JobOptions, RowOptions, RunnerOptions
from src.batch.ray_runner import run_on_ray
from src.batch.record import Outcome
from src.batch.row import Row
from src.batch.worker import Job, record_of
from src.config.argument_config import ArgumentConfig
from src.errors import LivePortraitError
from src.media.picture import read_picture, write_picture
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter

from .test_order import names, rows_of

ROOT = Path(__file__).parents[2]
JOB = Job(ArgumentConfig(), "m", "/templates", 1, 0)


class Died(Exception):
    """Takes the place of what Ray raises of an actor that died."""


class OfTask(Exception):
    """Takes the place of what Ray raises of an error in a task."""


@dataclass(frozen=True, eq=False)
class FakeActor:
    """A worker that can be asked."""

    ready: SimpleNamespace
    run: SimpleNamespace
    close: SimpleNamespace


class FakeRay:
    """A cluster in this process: a task runs when it is waited for, the oldest first.

    Attributes:
        told: worker and row of every task that was begun; `deadly` says of a row whether its worker dies.
    """

    exceptions = SimpleNamespace(
        RayActorError=Died, WorkerCrashedError=Died, OutOfMemoryError=Died, RayTaskError=OfTask
    )

    def __init__(self, room: int = 9) -> None:
        self.told: list[tuple[int, str]] = []
        self.deadly = lambda row: False
        self.unready = lambda worker: False
        self._room, self._workers, self.killed = room, 0, 0
        self._tasks: dict[object, tuple] = {}
        self.closed: list[int] = []

    def is_initialized(self):
        return True

    def remote(self, **_):
        return lambda kind: SimpleNamespace(remote=self._hire)

    def _hire(self, job, threads):
        self._workers += 1
        number = self._workers
        return FakeActor(
            ready=SimpleNamespace(remote=lambda: self._task(number, None)),
            run=SimpleNamespace(remote=lambda row: self._task(number, row)),
            close=SimpleNamespace(remote=lambda: self._closed(number)),
        )

    def _closed(self, worker):
        self.closed.append(worker)
        return self._task(worker, None)

    def _task(self, worker, row):
        task = object()
        self._tasks[task] = (worker, row)
        if row is not None:
            self.told.append((worker, row.output))
        return task

    def wait(self, tasks, num_returns, timeout):
        able = [task for task in tasks if self._tasks[task][0] <= self._room]
        return able[:1], [task for task in tasks if task not in able[:1]]

    def get(self, task):
        worker, row = self._tasks.pop(task)
        if self.unready(worker) or (row is not None and self.deadly(row)):
            raise Died("gone")
        return None if row is None else Outcome(record_of(row, "m", "h", None, (), 3, 0.1))

    def kill(self, actor):
        self.killed += 1

    def cluster_resources(self):
        return {"CPU": 2.0}


@pytest.fixture
def ray(monkeypatch) -> FakeRay:
    cluster = FakeRay()
    monkeypatch.setattr(ray_runner, "needed", lambda *_: cluster)
    return cluster


def work(rows, actors=2) -> list[Outcome]:
    return list(run_on_ray(JOB, rows, RunnerOptions(runner="ray", actors=actors)))


def test_every_row_is_done_once_and_drivers_are_read_first(ray):
    rows = rows_of("xyz", "ab")
    outcomes = work(rows)
    assert sorted(outcome.record.output for outcome in outcomes) == sorted(names(rows).split())
    assert {output for _, output in ray.told[:2]} == {"xa", "xb"}
    of = {}
    for worker, output in ray.told[2:]:
        of.setdefault(output[0], set()).add(worker)
    assert of["y"].isdisjoint(of["z"]) and ray.killed == 2 and sorted(ray.closed) == [1, 2]


def test_no_more_workers_than_rows(ray):
    assert len(work(rows_of("x", "a"), actors=8)) == 1 and ray.killed == 1


def test_a_row_whose_worker_died_is_done_again(ray, caplog):
    deaths = deque(["xb"])
    ray.deadly = lambda row: bool(deaths) and row.output == deaths[0] and bool(deaths.popleft())
    outcomes = work(rows_of("xy", "ab"))
    assert len(outcomes) == 4 and all(outcome.record.status == "done" for outcome in outcomes)
    assert [output for _, output in ray.told].count("xb") == 2 and "row 2 is done again" in caplog.text


def test_a_row_that_takes_its_workers_along_is_given_up(ray):
    ray.deadly = lambda row: row.output == "xb"
    outcomes = {outcome.record.output: outcome.record for outcome in work(rows_of("xy", "ab"))}
    assert len(outcomes) == 4 and [record.output for record in outcomes.values() if record.error] == ["xb"]
    assert "its worker died 3 times" in outcomes["xb"].error and outcomes["xb"].hash  # left alone by later runs
    assert [output for _, output in ray.told].count("xb") == 3


def test_workers_that_find_no_room_get_no_rows(ray):
    ray._room = 1
    assert len(work(rows_of("xyz", "ab"), actors=4)) == 6 and {worker for worker, _ in ray.told} == {1}


def test_no_room_at_all_is_said(ray, caplog):
    ray._room, waits = 0, iter(range(3))
    wait = ray.wait

    def patient(*args, **kwargs):
        if next(waits, None) is None:
            ray._room = 9
        return wait(*args, **kwargs)

    ray.wait = patient
    assert len(work(rows_of("x", "a"))) == 1
    assert "no worker could begin yet" in caplog.text and "{'CPU': 2.0, 'GPU': 0}" in caplog.text


def test_workers_that_cannot_begin_end_the_job(ray):
    ray.unready = lambda worker: True
    with pytest.raises(LivePortraitError, match="workers end before they begin: gone"):
        work(rows_of("x", "a"))


def test_workers_that_cannot_begin_now_and_then_end_nothing(ray):
    """Replacements that died before they began, each after good rows: one that begins lets all be forgotten."""
    ray._room = 99
    ray.unready = lambda worker: worker % 2 == 1
    deaths = {"xb", "yb", "zb", "xc", "yc"}
    ray.deadly = lambda row: row.output in deaths and not deaths.remove(row.output)
    assert len(work(rows_of("xyz", "abc"), actors=1)) == 9 and not deaths


def test_rows_that_did_badly_are_last(ray):
    rows = [replace(row, late="2" if row.output == "xa" else "") for row in rows_of("xy", "ab")]
    work(rows, actors=1)
    assert ray.told[-1][1] == "xa"


def test_errors_of_workers_are_told_without_their_trace(ray):
    def unready(worker):
        error = OfTask("\x1b[36mray::_Actor\x1b[39m Traceback ...")
        error.cause = LivePortraitError("CUDA is not available")
        raise error

    ray.unready = unready
    with pytest.raises(LivePortraitError) as error:
        work(rows_of("x", "a"))
    assert str(error.value) == "CUDA is not available"


def test_an_address_where_nothing_answers(ray, monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(LivePortraitError, match=r"the cluster '127.0.0.1:1' does not answer: .*refused"):
        list(run_on_ray(JOB, rows_of("x", "a"), RunnerOptions(runner="ray", address="127.0.0.1:1")))


def test_ray_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(LivePortraitError, match=r'pip install "\.\[cpu,scale\]"'):
        work([Row(1, "/x", ("/a",), "/o.mp4")])


@pytest.fixture
def portraits(tmp_path) -> Path:
    """Folders `in` with three small portraits and `by` with a driver of two frames."""
    picture = read_picture(ROOT / "assets/examples/source/s0.jpg")[::2, ::2]
    for number in range(3):
        write_picture(tmp_path / f"in/{number}.png", picture[: picture.shape[0] - 2 * number])
    with VideoWriter(tmp_path / "by/a.mp4", 25) as writer:
        for _, frame in zip(range(2), open_video(ROOT / "tests/data/media/short.mp4"), strict=False):
            writer.write(frame.rgb)
    return tmp_path


@pytest.mark.slow
def test_a_real_cluster(portraits):
    """One worker is killed after the first row: the job ends as if nothing had been."""
    pytest.importorskip("ray")
    killed = []

    def progress(tally):
        if tally.done == 1 and not killed:
            for process in psutil.Process().children(recursive=True):
                if process.name().startswith("ray::_Actor"):
                    process.kill()
                    killed.append(process.pid)

    options = JobOptions(sources=f"{portraits}/in", drivings=f"{portraits}/by", output_dir=f"{portraits}/out")
    args = ArgumentConfig(**vars(RowOptions()), model="compact", device="cpu")
    tally = run_batch(options, RunnerOptions(runner="ray"), args, progress)
    assert (tally.done, tally.failed) == (3, 0) and len(killed) == 1
    tally = run_batch(
        JobOptions(**vars(options) | {"output_dir": f"{portraits}/here"}), RunnerOptions(), args, progress
    )
    assert tally.done == 3
    for path in (portraits / "here").glob("*.mp4"):
        assert path.read_bytes() == (portraits / "out" / path.name).read_bytes()
