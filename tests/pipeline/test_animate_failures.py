"""Whatever stops a run, in whichever stage: no half file, no temporary one, no thread stays behind."""

import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from src.errors import NoFaceError
from src.pipeline import animate as module
from src.pipeline import clip as clip_module
from src.pipeline.compose import Composer

from .conftest import LEVELS
from .scenes import make_video, people, write_video

pytestmark = pytest.mark.usefixtures("here")

ENOUGH = 3  # calls that still succeed


def fail_late(monkeypatch, owner, name, error):
    """Let a method fail at a later call."""
    original, calls = getattr(owner, name), []

    def failing(*args, **options):
        calls.append(name)
        if len(calls) > ENOUGH:
            raise error
        return original(*args, **options)

    monkeypatch.setattr(owner, name, failing)


def decoding_fails(monkeypatch, error):
    class Broken:
        def __init__(self, stream):
            self.fps, self.size, self.n_frames, self._stream = stream.fps, stream.size, stream.n_frames, stream

        def __iter__(self):
            for number, frame in enumerate(self._stream):
                if number == ENOUGH:
                    raise error
                yield frame

    open_video = clip_module.open_video
    monkeypatch.setattr(clip_module, "open_video", lambda path: Broken(open_video(path)))


STAGES = {
    "decode": lambda patch, engine, detector, error: decoding_fails(patch, error),
    "detect": lambda patch, engine, detector, error: fail_late(patch, detector, "find", error),
    "motion": lambda patch, engine, detector, error: fail_late(patch, engine, "get_motion", error),
    "networks": lambda patch, engine, detector, error: fail_late(patch, engine, "warp_decode", error),
    "encode source": lambda patch, engine, detector, error: fail_late(patch, engine, "encode_source", error),
    "compose": lambda patch, engine, detector, error: fail_late(patch, Composer, "result", error),
    "side by side": lambda patch, engine, detector, error: fail_late(patch, Composer, "side_by_side", error),
    "encode": lambda patch, engine, detector, error: fail_late(patch, module.VideoWriter, "write", error),
    "finish": lambda patch, engine, detector, error: fail_late(patch, module.VideoWriter, "_finish", error),
}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    write_video(folder / "source.mp4", [people(100, 60, shift=k % 8) for k in range(24)])
    make_video(folder / "driving.mp4", (LEVELS * 3)[:24])
    return folder


@pytest.fixture
def temporary(tmp_path_factory, monkeypatch):
    """An empty folder for temporary files."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt()], ids=["error", "ctrl-c"])
@pytest.mark.parametrize("stage", STAGES)
def test_nothing_stays_behind(run, clips, temporary, engine, detector, monkeypatch, stage, error):
    if stage == "finish":
        monkeypatch.setattr("tests.pipeline.test_animate_failures.ENOUGH", 0)
    STAGES[stage](monkeypatch, engine, detector, error)
    before = set(threading.enumerate())
    driving = (clips / "driving.mp4").read_bytes()  # a temporary file, too
    with pytest.raises(type(error)) as caught:
        run(driving, clips / "source.mp4", output="out/r.mp4", batch_size=2, report="out/r.json", auto_template=True)
    assert caught.value is error
    assert set(threading.enumerate()) <= before  # while the error and its traceback are still there
    left = [path.name for path in Path().rglob("*") if path.is_file()]
    assert left in ([], ["driving.safetensors"])  # the template was complete
    assert list(temporary.iterdir()) == []


def test_ctrl_c_in_the_main_thread(run, clips, temporary):
    """While frames are on their way through all threads."""
    before = set(threading.enumerate())

    def interrupt(stage, done, total):
        if stage == module.ANIMATING and done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(clips / "driving.mp4", clips / "source.mp4", output="out/r.mp4", progress=interrupt)
    assert set(threading.enumerate()) <= before
    assert list(Path("out").iterdir()) == [] == list(temporary.iterdir())


def test_what_is_missing_is_said_before_anything_is_written(run, clips):
    with pytest.raises(NoFaceError, match="show no face"):
        run(np.stack([people(60), people(0), people(70)]), clips / "source.mp4", output="r.mp4", on_missing="error")
    assert list(Path().iterdir()) == []


def test_an_earlier_result_survives_a_failure(run, clips, engine, monkeypatch):
    Path("r.mp4").write_text("old")
    fail_late(monkeypatch, engine, "warp_decode", RuntimeError("broken"))
    with pytest.raises(RuntimeError):
        run(clips / "driving.mp4", clips / "source.mp4", output="r.mp4", batch_size=2)
    assert [path.read_text() for path in Path().iterdir()] == ["old"]
