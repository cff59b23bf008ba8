"""Which moment of a driver each frame of the result shows."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.pipeline.timeline import make_timeline

NTSC, FILM = Fraction(30000, 1001), Fraction(24000, 1001)
RATES = st.sampled_from([Fraction(24), Fraction(25), Fraction(30), Fraction(60), NTSC, FILM, Fraction(25, 2)])


@dataclass
class Timed:
    n_frames: int
    fps: Fraction = Fraction(25)
    is_video: bool = True


PICTURE = Timed(1, is_video=False)


def videos(*pairs):
    return [Timed(n, Fraction(fps)) for n, fps in pairs]


@pytest.mark.parametrize(
    ("source", "driver", "n_frames", "some"),
    [
        ((60, 30), (50, 25), 60, {0: 0, 1: 5 / 6, 6: 5, 59: 49}),  # the last driving frame is held
        ((48, 24), (60, 30), 48, {1: 1.25, 4: 5, 47: 58.75}),
        ((50, 25), (120, 60), 50, {1: 2.4, 5: 12, 49: 117.6}),
        ((60, 30), (120, 60), 60, {1: 2, 59: 118}),  # twice the rate: every second frame
        ((60, NTSC), (60, 30), 60, {1: 1.001, 59: 59}),
        ((240, 24), (240, FILM), 240, {1: 1000 / 1001, 239: 238 + 762 / 1001}),
        ((60, NTSC), (60, NTSC), 60, {1: 1, 59: 59}),
        ((100, 25), (10, 25), 10, {9: 9}),
        ((10, 25), (100, 25), 10, {9: 9}),
        ((100, 30), (25, 25), 30, {29: 24}),  # one second of driver
        ((30, 30), (100, 25), 30, {29: 29 * 25 / 30}),
        ((1, 30), (100, 25), 1, {0: 0}),
        ((100, 30), (1, 25), 1, {0: 0}),
        ((100, 10), (1, 60), 1, {0: 0}),  # a sixth of a frame is still one
    ],
)
def test_by_time(source, driver, n_frames, some):
    source, driver = videos(source, driver)
    timeline = make_timeline(source, [driver], "time")
    assert (timeline.fps, timeline.n_frames, timeline.is_video) == (source.fps, n_frames, True)
    positions = timeline.positions(driver)
    assert positions.shape == (n_frames,)
    for frame, position in some.items():
        assert positions[frame] == pytest.approx(position, abs=1e-12)


@given(RATES, st.integers(1, 400), st.integers(1, 400))
def test_equal_rates_are_the_official_pairing(fps, n_source, n_driver):
    source, driver = Timed(n_source, fps), Timed(n_driver, fps)
    timeline = make_timeline(source, [driver], "time")
    assert timeline.n_frames == min(n_source, n_driver)
    np.testing.assert_array_equal(timeline.positions(driver), np.arange(timeline.n_frames))


@given(RATES, RATES, st.integers(1, 400), st.integers(1, 400))
def test_positions_are_moments(source_fps, driver_fps, n_source, n_driver):
    source, driver = Timed(n_source, source_fps), Timed(n_driver, driver_fps)
    timeline = make_timeline(source, [driver], "time")
    seconds, exact = float(timeline.n_frames / timeline.fps), np.arange(timeline.n_frames) / float(source_fps)
    assert timeline.n_frames <= n_source
    assert seconds <= max(n_driver / driver_fps + Fraction(1, 2) / source_fps, 1 / source_fps) + 1e-9
    positions = timeline.positions(driver)
    assert (np.diff(positions) >= 0).all() and positions.max() <= n_driver - 1
    np.testing.assert_allclose(positions, np.minimum(exact * float(driver_fps), n_driver - 1), atol=1e-9)


@given(RATES, RATES, st.integers(1, 2000))
def test_whole_positions_are_exactly_whole(source_fps, driver_fps, n_frames):
    source, driver = Timed(n_frames, source_fps), Timed(10**6, driver_fps)
    positions = make_timeline(source, [driver], "time").positions(driver)
    for k in range(0, n_frames, 7):
        exact = k * driver_fps / source_fps
        if exact.denominator == 1:
            assert positions[k] == int(exact)


@pytest.mark.parametrize(("source", "driver"), [((60, 30), (50, 25)), ((50, 25), (60, 30)), ((50, NTSC), (50, 60))])
def test_by_index(source, driver):
    source, driver = videos(source, driver)
    timeline = make_timeline(source, [driver], "index")
    assert (timeline.fps, timeline.n_frames) == (source.fps, 50)
    np.testing.assert_array_equal(timeline.positions(driver), np.arange(50))


@pytest.mark.parametrize("align", ["time", "index"])
def test_stills(align):
    for driver in (Timed(1, is_video=False), PICTURE):
        alone = make_timeline(PICTURE, [driver], align)
        assert (alone.n_frames, alone.is_video) == (1, False)
        (source,) = videos((40, NTSC))
        timeline = make_timeline(source, [driver], align)
        assert (timeline.fps, timeline.n_frames, timeline.is_video) == (NTSC, 40, True)
        assert not timeline.positions(driver).any()


def test_a_picture_takes_the_rate_of_the_first_driver_that_moves():
    slow, fast = videos((20, 10), (90, 30))
    for drivers, fps, n_frames in (
        ([slow], 10, 20),
        ([slow, fast], 10, 20),
        ([fast, slow], 30, 60),
        ([PICTURE, fast, slow], 30, 60),
    ):
        timeline = make_timeline(PICTURE, drivers, "time")
        assert (timeline.fps, timeline.n_frames, timeline.is_video) == (fps, n_frames, True)
    positions = make_timeline(PICTURE, [fast, slow], "time").positions(slow)
    np.testing.assert_allclose(positions[:7], [0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])


def test_a_video_of_one_frame_is_a_video():
    (source,) = videos((1, 30))
    timeline = make_timeline(source, [PICTURE], "time")
    assert (timeline.n_frames, timeline.is_video) == (1, True)


@given(RATES, RATES, st.integers(1, 200), st.integers(1, 200), st.sampled_from(["time", "index"]))
def test_what_is_needed_of_a_driver(source_fps, driver_fps, n_source, n_driver, align):
    """Whatever lies behind it could as well not be there."""
    source, driver = Timed(n_source, source_fps), Timed(n_driver, driver_fps)
    timeline = make_timeline(source, [driver], align)
    needed = timeline.needed(driver)
    assert 1 <= needed <= n_driver and needed < timeline.positions(driver).max() + 1 + max(driver_fps / source_fps, 1)
    cut = Timed(needed, driver_fps)
    again = make_timeline(source, [cut], align)
    assert again.n_frames == timeline.n_frames
    np.testing.assert_array_equal(again.positions(cut), timeline.positions(driver))
    assert timeline.needed(PICTURE) == 1
