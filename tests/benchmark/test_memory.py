"""How runs of several lengths are made and measured."""

import json
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from src.benchmark import memory as module
from src.benchmark.memory import MemoryUse, measure_memory
from src.errors import InputError, LivePortraitError, MissingFileError
from src.media.picture import write_picture
from src.media.video_reader import open_video
from tests.pipeline.scenes import grey, make_video

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("temporary")


@pytest.fixture(scope="module")
def driving(tmp_path_factory) -> Path:
    """One second without a face."""
    return make_video(tmp_path_factory.mktemp("media") / "d.mp4", list(range(60, 85)))


@pytest.fixture
def runs(monkeypatch) -> list[dict[str, str]]:
    """The options of every run, of which none takes place: its report tells the length of its driver."""
    seen: list[dict[str, str]] = []

    def animate(words: Sequence[str]) -> None:
        options = dict(zip(words[::2], words[1::2], strict=True))
        seen.append(options)
        report = {"n_frames": open_video(options["--driving"]).n_frames, "seconds": 1.5, "peak_memory_mib": 500.0}
        Path(options["--report"]).write_text(json.dumps(report))

    monkeypatch.setattr(module, "_animate", animate)
    return seen


def test_the_clip_is_repeated(runs, driving):
    uses = list(measure_memory(driving, [0.5, 3.0], ["--model", "compact"]))
    assert [use.clip_seconds for use in uses] == [0.5, 3.0]
    assert [use.n_frames for use in uses] == pytest.approx([12, 75], abs=4)  # cut between two packets
    assert uses[0] == MemoryUse(0.5, uses[0].n_frames, 1.5, 500.0)
    assert [options["--model"] for options in runs] == ["compact", "compact"]
    assert len({options["--output"] for options in runs}) == len({options["--driving"] for options in runs}) == 2


def test_one_run_after_the_other(runs, driving):
    uses = measure_memory(driving, [0.2, 0.4])
    assert runs == []
    next(uses)
    assert len(runs) == 1
    uses.close()


@pytest.mark.parametrize("lengths", [[], [0.0], [5.0, -1.0], [float("nan")], [float("inf")]])
def test_lengths_that_cannot_be(runs, driving, lengths):
    with pytest.raises(InputError, match="one or more lengths above 0 seconds"):
        list(measure_memory(driving, lengths))
    assert runs == []


def test_drivers_that_cannot_be_repeated(runs, tmp_path):
    write_picture(tmp_path / "d.png", grey(100))
    for name, error, message in [
        ("none.mp4", MissingFileError, "does not exist"),
        ("d.png", InputError, "is a picture: a video is needed"),
        (".", InputError, "is a folder: a video is needed"),
    ]:
        with pytest.raises(error, match=message):
            list(measure_memory(tmp_path / name, [1.0]))
    assert runs == []


def test_a_run_that_fails(driving):
    """In a process of its own: the clip shows no face."""
    with pytest.raises(LivePortraitError, match=r"failed with exit code 1: no face found in the driving '.*0\.mp4'"):
        list(measure_memory(driving, [0.2], ["--model", "compact"]))


@pytest.mark.parametrize("said", ["", "\n \n"])
def test_a_run_that_dies_without_a_word(driving, monkeypatch, said):
    def run(command, **_):
        return CompletedProcess(command, -9, "", said)

    monkeypatch.setattr(module.ffmpeg, "run", lambda arguments: None)
    monkeypatch.setattr(module.subprocess, "run", run)
    with pytest.raises(LivePortraitError, match="failed with exit code -9: it left no message"):
        list(measure_memory(driving, [0.2]))


@pytest.mark.slow
def test_a_longer_clip_takes_no_more_memory():
    driving = ROOT / "tests/data/media/short.mp4"
    short, long = measure_memory(driving, [1.2, 4.8], ["--model", "compact", "--no_flag_pasteback"])
    assert long.n_frames > 3 * short.n_frames and long.seconds > short.seconds
    assert 100 < short.peak_mib < 2000
    # allocators go on to settle for some 100 frames, by 20 to 30 MiB; 85 frames more that were kept would be 64
    assert long.peak_mib - short.peak_mib < 50
