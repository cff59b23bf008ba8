"""The measures of steadiness on faces that are known, and on a real clip."""

import tempfile
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from src.benchmark import steadiness as module
from src.benchmark.steadiness import Steadiness, measure_steadiness, measure_steadying
from src.errors import InputError, NoFaceError
from src.live_portrait_wrapper import LivePortraitWrapper
from src.media.picture import write_picture
from src.media.video_reader import open_video
from src.motion.jitter import jitter
from tests.pipeline.fakes import FakeDetector, FakeEngine, face_in
from tests.pipeline.scenes import grey, people, write_video
from tests.tolerances import FLOAT32

ROOT = Path(__file__).parents[2]
TALK = 0.3 + 0.2 * np.sin(np.arange(80) * 0.7) + 0.1 * np.sin(np.arange(80) * 0.23)


def row(mouth: np.ndarray) -> Steadiness:
    return Steadiness(0.0, 0.0, mouth)


@pytest.mark.parametrize("frames", [-5, -2, -1, 0, 1, 3, 5])
def test_lag_is_positive_for_a_late_mouth(frames):
    reference, late = TALK[10:60], TALK[10 - frames : 60 - frames]
    assert row(late).lag(row(reference)) == frames
    assert row(1.3 * late + 0.1).lag(row(reference)) == frames  # however far it opens


def test_lag_against_noise():
    noise = np.random.default_rng(0).normal(0, 0.05, 50)
    assert row(TALK[8:58] + noise).lag(row(TALK[10:60])) == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("ours", "theirs"), [(np.full(30, 0.2), TALK[:30]), (np.zeros(30), np.zeros(30))])
def test_a_still_mouth_has_no_lag(ours, theirs):
    assert row(ours).lag(row(theirs)) == row(theirs).lag(row(ours)) == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_frames", [3, 4, 6, 7])
def test_lag_of_a_clip_of_few_frames(n_frames):
    clip = row(TALK[:n_frames])
    assert clip.lag(clip) == 0


def test_jitter_and_mouth_are_those_of_the_landmarks():
    """The stand-in's lips open as far as its picture is bright."""
    levels = [60, 90, 70, 140, 200, 110, 80]
    found = measure_steadiness([grey(level) for level in levels], FakeDetector(), "the clip")
    np.testing.assert_allclose(found.mouth, np.array(levels) / 255, atol=FLOAT32["ratio"].abs)
    low, high = np.percentile(np.array(levels) / 255, [5, 95])
    assert found.mouth_range == pytest.approx(high - low, abs=FLOAT32["ratio"].abs)
    landmarks = np.stack([face_in(grey(level)).landmarks for level in levels])
    assert found.jitter == pytest.approx(jitter(landmarks), rel=1e-6) and found.jitter > 0


def test_jitter_grows_with_the_trembling():
    def trembling(pixels: int) -> float:
        frames = [people(120, shift=pixels * (-1) ** k) for k in range(8)]
        return measure_steadiness(frames, FakeDetector(), "the clip").jitter

    assert trembling(0) == 0
    assert trembling(2) == pytest.approx(2 * trembling(1)) and trembling(1) > 0


def test_every_frame_shows_a_face():
    with pytest.raises(NoFaceError, match="frame 2 of the clip shows no face"):
        measure_steadiness([grey(100), grey(100), grey(0)], FakeDetector(), "the clip")


def test_a_clip_that_is_too_short():
    with pytest.raises(InputError, match="at least three frames, got 2"):
        measure_steadiness([grey(100)] * 2, FakeDetector(), "the clip")


def test_steadying_calms_the_result(tmp_path, monkeypatch):
    """Wiring: the driver and two results are measured, and only one of these is steadied."""

    def stand_in(model: str) -> LivePortraitWrapper:
        wrapper = LivePortraitWrapper(model=model)
        wrapper.engine, wrapper.detector = FakeEngine("compact"), FakeDetector()
        return wrapper

    monkeypatch.setattr(module, "LivePortraitWrapper", stand_in)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    rng = np.random.default_rng(0)
    write_video(tmp_path / "d.mp4", [grey(110 + round(12 * noise)) for noise in rng.uniform(-1, 1, 40)])
    write_picture(tmp_path / "s.png", grey(120))
    rows = measure_steadying(tmp_path / "s.png", tmp_path / "d.mp4", "compact")
    assert list(rows) == ["driver", "plain", "smooth"]
    assert all(len(row.mouth) == 40 for row in rows.values())
    assert rows["plain"].lag(rows["driver"]) == 0
    assert 0 < rows["smooth"].jitter < 0.7 * rows["plain"].jitter
    assert 0 < rows["smooth"].mouth_range < rows["plain"].mouth_range
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_a_real_clip(tmp_path):
    """The mouth keeps time and opens nearly as far."""
    frames = [frame.rgb for frame in islice(open_video(ROOT / "assets/examples/driving/d0.mp4"), 32)]
    driving = write_video(tmp_path / "d.mp4", frames)
    rows = measure_steadying(ROOT / "assets/examples/source/s9.jpg", driving, model="compact")
    assert all(row.jitter > 0 and row.mouth_range > 0.1 for row in rows.values())
    assert rows["smooth"].jitter < 0.6 * rows["plain"].jitter
    assert rows["smooth"].mouth_range > 0.7 * rows["plain"].mouth_range
    assert rows["smooth"].lag(rows["plain"]) == rows["plain"].lag(rows["driver"]) == 0
