import logging

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.pipeline.progress import silent
from src.pipeline.source import open_source, read_source

from .fakes import finders
from .scenes import clip_of, grey, make_video, people


@pytest.fixture
def read(engine, detector):
    return lambda clip, **options: read_source(clip, engine, finders(detector), ArgumentConfig(**options), silent)


def test_picture(read):
    frame = grey(100, 200, 160)
    source = read(clip_of([frame], is_video=False))
    assert (source.is_video, source.n_frames, source.n_missing, source.pastes) == (False, 1, [0], True)
    shown = list(source.frames(3))
    assert len(shown) == 3 and all((rgb == frame).all() for rgb in shown)


def test_video(read, caplog):
    with caplog.at_level(logging.WARNING):
        source = read(clip_of([people(60 + k, 0) for k in range(5)], 30))
    assert (source.is_video, source.fps, source.n_frames, source.n_missing) == (True, 30, 5, [0])
    assert [rgb.max() for rgb in source.frames(3)] == [60, 61, 62] and not caplog.records


def test_frames_without_a_face_are_counted_for_every_face(read, caplog):
    frames = [people(60, 100), people(60, 0), people(60, 100), people(0, 0), people(60, 100)]
    with caplog.at_level(logging.WARNING):
        source = read(clip_of(frames), faces="all")
    assert source.n_missing == [1, 2]
    assert "1 / 2 of 5 frames of the source 'c' show no face: they stay as they are" in caplog.text


def test_several_faces_of_a_picture(read):
    source = read(clip_of([people(60, 90, 70)], is_video=False), faces="all", flag_pasteback=False)
    assert len(source.portraits) == 3 and source.n_missing == [0, 0, 0] and not source.pastes


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({}, (200, 160)),
        ({"source_max_dim": 100}, (100, 80)),
        ({"source_max_dim": 0}, (200, 160)),
        ({"source_division": 64}, (192, 128)),
        ({"output_size": 100}, (100, 80)),
        ({"output_size": 100, "source_max_dim": 0}, (100, 80)),
        ({"output_size": 150, "source_max_dim": 100}, (100, 80)),
        ({"output_size": 100, "flag_pasteback": False}, (200, 160)),  # then the crop has that size
        ({"output_size": 100, "flag_stitching": False}, (200, 160)),
        ({"output_size": 400}, (200, 160)),  # nothing is made larger
    ],
)
def test_limits(media, inbox, tmp_path, options, size):
    args = ArgumentConfig(**options)
    clip = open_source(inbox.take(media / "s.png", "source"), args)
    assert clip.size == size and next(iter(clip)).shape == (size[1], size[0], 3)
    make_video(tmp_path / "v.mp4", [50, 60], width=200, height=160)
    moving = open_source(inbox.take(tmp_path / "v.mp4", "source"), args)
    assert moving.size == size and [rgb.shape for rgb in moving] == [(size[1], size[0], 3)] * 2


def test_the_given_pixels_stay_as_they_are(read, inbox):
    frame = np.random.default_rng(0).integers(80, 120, (161, 201, 3), dtype=np.uint8)
    before = frame.copy()
    clip = open_source(inbox.take(frame, "source"), ArgumentConfig())
    source = read(clip)
    assert clip.size == (200, 160) and (next(source.frames(1)) == before[:160, :200]).all()
    np.testing.assert_array_equal(frame, before)
