"""Sources that are kept give the results that they give when they are read anew."""

import os
import shutil

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.media.given import Inbox
from src.media.picture import write_picture
from src.pipeline.animate import animate
from src.pipeline.kept import KeptSources
from src.pipeline.progress import silent

from .fakes import FakeEngine, finders
from .scenes import grey

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def kept() -> KeptSources:
    return KeptSources(2)


@pytest.fixture
def times_read(engine, detector, media, kept, written):
    """Animates a source that may be kept, and tells how often sources have been encoded so far."""

    def run(source="s.png", driving="d.safetensors", output="r.mp4", **options) -> int:
        path = media / source if isinstance(source, str) else source
        args = ArgumentConfig(source=str(path), driving=str(media / driving), output=output, concat=False, **options)
        animate(engine, finders(detector), args, silent, kept)
        return sum(name == "encode" for name, _ in engine.events)

    return run


def test_a_source_is_read_once(times_read, written, detector):
    assert times_read(output="a.mp4") == 1 and detector.calls == 1
    assert times_read(output="b.mp4", crf=30, audio=False) == 1 and detector.calls == 1
    assert len(written["a.mp4"].frames) == len(written["b.mp4"].frames) == 10
    for alone, again in zip(written["a.mp4"].frames, written["b.mp4"].frames, strict=True):
        np.testing.assert_array_equal(alone, again)


@pytest.mark.parametrize(
    "options", [{"scale": 2.0}, {"output_size": 100}, {"feather": 30}, {"flag_stitching": False}, {"faces": "all"}]
)
def test_other_options_make_another_source(times_read, options):
    assert times_read() == 1 and times_read(**options) == 2


def test_another_driver_and_other_motion_make_no_other_source(times_read):
    assert times_read() == 1
    assert times_read(driving="d.mp4", driving_multiplier=0.5, animation_region="exp", on_missing="interpolate") == 1


def test_a_changed_file_is_another_source(times_read, media, tmp_path):
    path = tmp_path / "s.png"
    shutil.copy(media / "s.png", path)
    assert times_read(path) == 1 and times_read(path) == 1
    write_picture(path, grey(90))
    assert times_read(path) == 2
    os.utime(path, (1, 1))
    assert times_read(path) == 3


def test_the_one_that_was_used_last_stays(times_read, media, tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path in paths:
        shutil.copy(media / "s.png", path)
    first, second, third = paths
    assert [times_read(path) for path in (first, second, first, third, first)] == [1, 2, 2, 3, 3]
    assert times_read(second) == 4


def test_videos_are_not_kept(times_read):
    one = times_read("d.mp4")
    assert times_read("d.mp4") > one


def test_data_is_not_kept(kept, media, engine):
    args = ArgumentConfig()
    with Inbox() as inbox:
        given = inbox.take(np.full((64, 64, 3), 100, np.uint8), "source")
        assert kept.find(given, engine, args) is None
        kept.keep(None, given, engine, args)
        assert kept.find(given, engine, args) is None


def test_another_model_keeps_its_own(kept, media):
    one, other, source, args = FakeEngine(), FakeEngine(), object(), ArgumentConfig()
    with Inbox() as inbox:
        given = inbox.take(media / "s.png", "source")
        kept.keep(source, given, one, args)
        assert kept.find(given, one, args) is source and kept.find(given, other, args) is None
