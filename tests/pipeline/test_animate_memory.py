"""Pictures only ever exist as a stream: how many are held does not grow with the length of a clip."""

import time
import weakref
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from src.pipeline import animate as module
from src.pipeline import clip as clip_module

from .fakes import FakeWriter
from .scenes import people

pytestmark = pytest.mark.usefixtures("here")

N = 60
BATCH = 4
AHEAD = 4 + 2  # frames in the queue, one being made, one being used


class Held:
    """Counts the arrays of one kind that are alive."""

    def __init__(self) -> None:
        self.most = self.made = 0
        self._alive: set[int] = set()

    def watch(self, rgb: np.ndarray) -> np.ndarray:
        self.made += 1
        self._alive.add(self.made)
        weakref.finalize(rgb, self._alive.discard, self.made)
        self.most = max(self.most, len(self._alive))
        return rgb


class Long:
    """A video that is never a file."""

    fps, size, n_frames = 25, (192, 96), N

    def __init__(self, held: Held) -> None:
        self._held = held

    def __iter__(self):
        for index in range(N):
            yield SimpleNamespace(rgb=self._held.watch(people(60 + index, 80)))


class SlowWriter(FakeWriter):
    """An encoder that everything has to wait for."""

    def write(self, rgb):
        time.sleep(0.001)
        self.frames.append(rgb.shape)


@pytest.fixture
def held(monkeypatch, media, tmp_path):
    """Frames decoded by file, and results, while they are alive."""
    counts = {"s.gif": Held(), "d.gif": Held(), "result": Held()}
    for name in ("s.gif", "d.gif"):
        (tmp_path / name).write_bytes((media / "d.gif").read_bytes())
    monkeypatch.setattr(clip_module, "open_video", lambda path: Long(counts[path.name]))

    class Composer(module.Composer):
        def result(self, rendered):
            return counts["result"].watch(np.array(super().result(rendered)))

    monkeypatch.setattr(module, "Composer", Composer)
    monkeypatch.setattr(module, "VideoWriter", SlowWriter)
    return counts


@pytest.mark.parametrize(
    ("options", "passes"),
    [({}, (3, 3)), ({"faces": "all"}, (4, 3)), ({"concat": False}, (3, 2))],
    ids=["one face", "all faces", "no side by side"],
)
def test_a_run_holds_few_frames(run, held, engine, options, passes):
    clips = Path("d.gif").absolute(), Path("s.gif").absolute()
    result = run(*clips, output="r.mp4", batch_size=BATCH, flag_relative_motion=False, **options)
    assert result.n_frames == N
    source, driving, finished = held["s.gif"], held["d.gif"], held["result"]
    assert (source.made, driving.made) == (passes[0] * N, passes[1] * N)  # decoded afresh at every pass
    # decoded ahead, a batch in the networks, and finished batches that wait for the encoder
    assert source.most <= AHEAD + 2 * BATCH + 6
    assert driving.most <= AHEAD + 2 * BATCH + 2
    assert finished.most <= 2
    assert max(n for what, n in engine.events if what in ("prepare", "render", "encode")) == BATCH


def test_the_networks_wait_for_the_encoder(run, held, engine, monkeypatch):
    done = []

    class Writer(SlowWriter):
        def write(self, rgb):
            done.append(sum(n for what, n in engine.events if what == "render") - len(done))
            super().write(rgb)

    monkeypatch.setattr(module, "VideoWriter", Writer)
    run(Path("d.gif").absolute(), people(90, 80), output="r.mp4", batch_size=BATCH, concat=False)
    assert len(done) == N and max(done) <= 4 + 2 * BATCH + 2
