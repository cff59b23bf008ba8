"""From files to files: rates, lengths, sound, and the moment of the driver that every frame shows.

Instead of networks there are stand-ins whose motion is the grey level of the driver's picture, and which draw it: what
a frame of the result shows tells the moment of the driver that it was made from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from src.live_portrait_wrapper import LivePortraitWrapper
from src.media.video_reader import open_video
from src.motion.keypoints import selection_mask
from src.pipeline.result import AnimationResult
from tests.media.clips import join, make_clip, make_tone, onset, spans
from tests.pipeline.fakes import FakeDetector, FakeEngine
from tests.pipeline.scenes import grey

NTSC = 1000 * Fraction(1, 1001)
RATES = {
    "23.976": 24 * NTSC,
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": 30 * NTSC,
    "30": Fraction(30),
    "50": Fraction(50),
    "59.94": 60 * NTSC,
}
CLIPS = [*RATES, "variable"]
VARIABLE = [0, 33, 67, 180, 200, 233, 500, 533, 567, 600, 900, 940, 1200, 1233]  # milliseconds
SECONDS = Fraction("1.24")
SILENCE = 0.5  # seconds before the tone begins
STEP, LOWEST, SPAN = 37, 70, 120  # levels of neighbouring frames are far apart


def level(number: int) -> int:
    """Grey level of a frame of a driver."""
    return LOWEST + STEP * number % SPAN


class Engine(FakeEngine):
    """Takes grey levels for an expression, in the coordinates that a source video follows: it keeps its position."""

    def get_motion(self, pictures, meshes=None, like=None):
        motion = super().get_motion(pictures)
        follows = selection_mask() * torch.tensor([1.0, 0.0, 0.0])  # (21, 3), to the right only
        return replace(motion, exp=motion.t[:, None] * follows / follows[:, 0].mean(), t=torch.zeros_like(motion.t))


@dataclass(frozen=True)
class Film:
    """A clip and what it was made of, in seconds: when each picture and the tone begin, and when the last one ends."""

    path: Path
    times: list[Fraction]
    end: Fraction
    tone: float | None

    def level_at(self, second: Fraction) -> int:
        """Grey level that is to be seen at a time."""
        return level(max(number for number, time in enumerate(self.times) if time <= second))


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Callable[..., Film]:
    """Makes clips, each one once: grey levels for drivers, one level for sources."""
    folder, made = tmp_path_factory.mktemp("films"), {}

    def make(rate: str, seconds: Fraction = SECONDS, *, moves: bool = True, sound: bool = True) -> Film:
        key = (rate, seconds, moves, sound)
        if key in made:
            return made[key]
        fps = RATES.get(rate, Fraction(25))
        times = [Fraction(ms, 1000) for ms in VARIABLE] if rate == "variable" else []
        times = times or [k / fps for k in range(round(seconds * fps))]
        name = "-".join(map(str, (rate, float(seconds), moves, sound)))
        path = folder / f"{name}.mp4"
        silent = folder / f"{name}-silent.mp4" if sound else path
        make_clip(silent, times, fps, draw=lambda number: grey(level(number) if moves else 100))
        if sound:
            # the sources' tone begins earlier, so that it can be told apart
            make_tone(folder / "tone.m4a", float(seconds), SILENCE if moves else SILENCE / 2)
            join(silent, folder / "tone.m4a", path)
        end = times[-1] + (1 / fps if rate != "variable" else Fraction(40, 1000))  # as its packet says
        made[key] = Film(path, times, end, onset(path) if sound else None)
        return made[key]

    return make


@pytest.fixture
def execute(tmp_path) -> Callable[..., AnimationResult]:
    """`execute()` of a wrapper with the stand-ins."""
    wrapper = LivePortraitWrapper(model="compact", device="cpu")
    wrapper.engine, wrapper.detector = Engine("compact"), FakeDetector()

    def run(**options) -> AnimationResult:
        return wrapper.execute(
            output=tmp_path / "r.mp4",
            crf=5,
            flag_pasteback=False,
            driving_smooth_observation_variance=1e-12,  # frames as they are
            **options,
        )

    return run


def shown(path: str | Path) -> np.ndarray:
    """Level of the driver that each frame shows: the stand-ins draw its change since the first frame on grey."""
    levels = [float(frame.rgb.mean()) for frame in open_video(path)]
    return np.array(levels) - 127 + level(0)


def lengths(path: str | Path) -> tuple[float, float]:
    """Seconds of the pictures and of the sound."""
    track = spans(Path(path))
    return track["video"][1] - track["video"][0], track["audio"][1] - track["audio"][0]


@pytest.mark.parametrize("rate", CLIPS)
def test_a_picture_follows_a_driver(execute, film, rate):
    """Rate, length and sound are the driver's; a variable rate becomes its average."""
    driver = film(rate)
    result = execute(source=grey(100), driving=driver.path)
    video, fps = open_video(result), open_video(driver.path).fps
    assert result.fps == video.fps == fps == RATES.get(rate, fps)
    assert result.n_frames == video.n_frames == round(driver.end * fps)
    for path in (result, result.concat):
        picture, sound = lengths(path)
        assert abs(picture - result.n_frames / fps) < 1e-3
        assert abs(picture - sound) < 1 / fps and abs(picture - driver.end) < 1 / fps
        assert onset(Path(path)) == pytest.approx(driver.tone, abs=0.003)
    expected = [driver.level_at(k / fps + Fraction(1, 2000)) for k in range(result.n_frames)]
    np.testing.assert_allclose(shown(result), expected, atol=4)


def pairs() -> list[tuple[str, str]]:
    """Every rate as a source's, with a driver of another rate that is far away in the list."""
    return [(rate, CLIPS[(number + 3) % len(CLIPS)]) for number, rate in enumerate(CLIPS)]


@pytest.mark.parametrize("priority", ["driving", "source"])
@pytest.mark.parametrize(("source_rate", "driver_rate"), pairs())
def test_a_video_follows_a_driver_of_another_rate(execute, film, source_rate, driver_rate, priority):
    """The rate is the source's; each frame shows the driver at its own time, in between where it lies in between."""
    source, driver = film(source_rate, moves=False), film(driver_rate)
    result = execute(source=source.path, driving=driver.path, audio_priority=priority, concat=False)
    video, filmed = open_video(source.path), open_video(driver.path)
    assert result.fps == open_video(result).fps == video.fps == RATES.get(source_rate, video.fps)
    shortest = float(min(source.end, driver.end))
    assert result.n_frames == open_video(result).n_frames
    picture, sound = lengths(result)
    frame = float(1 / video.fps)
    assert abs(picture - result.n_frames * frame) < 1e-3
    assert abs(picture - sound) < frame and abs(picture - shortest) < frame
    assert onset(Path(result)) == pytest.approx((driver if priority == "driving" else source).tone, abs=0.003)
    levels = [level_of(frame.rgb) for frame in filmed]
    at = [min(k * filmed.fps / video.fps, Fraction(filmed.n_frames - 1)) for k in range(result.n_frames)]
    expected = np.interp([float(position) for position in at], range(filmed.n_frames), levels)
    np.testing.assert_allclose(shown(result), expected, atol=4)


def level_of(rgb: np.ndarray) -> float:
    return float(rgb.mean())


@pytest.mark.parametrize(("source_seconds", "driver_seconds"), [("0.8", "1.6"), ("1.6", "0.8")])
@pytest.mark.parametrize("priority", ["driving", "source"])
def test_the_shorter_one_ends_it(execute, film, source_seconds, driver_seconds, priority):
    """Also the sound, whichever clip it comes from."""
    source = film("29.97", Fraction(source_seconds), moves=False)
    driver = film("24", Fraction(driver_seconds))
    result = execute(source=source.path, driving=driver.path, audio_priority=priority, concat=False)
    frame = float(1 / result.fps)
    picture, sound = lengths(result)
    assert result.fps == RATES["29.97"] and picture == pytest.approx(0.8, abs=frame)
    assert abs(picture - sound) < frame


@pytest.mark.parametrize("priority", ["driving", "source"])
@pytest.mark.parametrize("silent", ["source", "driving"])
def test_sound_from_whoever_has_some(execute, film, silent, priority):
    source = film("25", moves=False, sound=silent != "source")
    driver = film("30", sound=silent != "driving")
    result = execute(source=source.path, driving=driver.path, audio_priority=priority, concat=False)
    picture, sound = lengths(result)
    assert abs(picture - sound) < 1 / 25
    assert onset(Path(result)) == pytest.approx((driver if silent == "source" else source).tone, abs=0.003)


@pytest.mark.parametrize("rate", ["23.976", "59.94"])
def test_frame_by_frame_where_that_is_asked_for(execute, film, rate):
    """As the official program pairs them: frame k with frame k, whatever the rates."""
    source, driver = film("25", moves=False), film(rate)
    result = execute(source=source.path, driving=driver.path, align="index", concat=False)
    assert result.fps == 25
    assert result.n_frames == min(open_video(clip.path).n_frames for clip in (source, driver))
    np.testing.assert_allclose(shown(result), [level(k) for k in range(result.n_frames)], atol=4)


@pytest.mark.parametrize("rate", ["29.97", "variable"])
def test_a_template_keeps_the_rate(execute, film, tmp_path, rate):
    """Exactly where it is ours."""
    driver, template = film(rate), tmp_path / "m.safetensors"
    direct = execute(source=grey(100), driving=driver.path, save_motion_template=template, concat=False)
    levels = shown(direct)
    again = execute(source=grey(100), motion_template=template, concat=False)
    assert (again.fps, again.n_frames) == (direct.fps, direct.n_frames)
    np.testing.assert_allclose(shown(again), levels, atol=2)
