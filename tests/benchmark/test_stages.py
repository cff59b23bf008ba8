"""Clocks around stages: what they count, and that nothing stays behind."""

import threading
import time

import pytest

from src.benchmark.stages import BusyTimes, replaced, timed_stages
from src.media.video_reader import VideoReader
from src.media.video_writer import VideoWriter
from src.motion.transfer import Transfer
from src.pipeline import animate
from src.pipeline.compose import Composer
from tests.pipeline.fakes import FakeEngine


def test_a_stage_within_a_stage_is_not_counted_twice():
    times = BusyTimes()
    inner = times.around(lambda: time.sleep(0.02), "inner")
    times.around(inner, "outer")()
    inner()
    assert 0.02 <= times.seconds()["outer"] < 0.1 and 0.02 <= times.seconds()["inner"] < 0.1


def test_threads_add_up():
    times = BusyTimes()
    work = times.around(lambda: time.sleep(0.05), "work")
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.15 <= times.seconds()["work"] < 0.5


def test_only_the_making_of_items_counts():
    times = BusyTimes()

    def numbers(n):
        for number in range(n):
            time.sleep(0.01)
            yield number

    found = []
    for number in times.around_items(numbers, "made")(3):
        found.append(number)
        time.sleep(0.1)
    assert found == [0, 1, 2] and 0.03 <= times.seconds()["made"] < 0.1


def test_errors_end_a_stage():
    times = BusyTimes()

    def fail():
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            times.around(fail, "work")()
    assert times.seconds()["work"] > 0


def test_everything_is_put_back():
    engine = FakeEngine("compact")
    places = [(VideoReader, "__iter__"), (VideoWriter, "write"), (Transfer, "x_d"), (Composer, "result")]
    places += [(animate, "read_source"), (FakeEngine, "draw")]
    before = [getattr(owner, name) for owner, name in places]
    with pytest.raises(ValueError, match="no"), timed_stages(engine):
        assert all(getattr(owner, name) is not old for (owner, name), old in zip(places, before, strict=True))
        raise ValueError("no")
    assert [getattr(owner, name) for owner, name in places] == before


def test_an_attribute_of_the_class_shows_again():
    engine = FakeEngine("compact")
    with replaced(engine, "draw", "other"):
        assert engine.draw == "other"
    assert "draw" not in vars(engine) and callable(engine.draw)
