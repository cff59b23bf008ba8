import weakref
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, LivePortraitError
from src.motion.template import MotionTemplate
from src.motion.transfer_options import TransferOptions
from src.pipeline.driving import Driving
from src.pipeline.progress import silent
from src.pipeline.render import FaceRenderer, render, sized, transfer_options
from src.pipeline.source import read_source
from src.pipeline.timeline import make_timeline

from .conftest import LEVELS
from .fakes import OUT, finders, motion_of
from .scenes import clip_of, grey, people

ABSOLUTE = TransferOptions(flag_relative_motion=False, driving_option="pose-friendly")


def driver(levels=LEVELS, fps=25):
    return Driving(MotionTemplate(motion_of(torch.tensor(levels) / 255), Fraction(fps), "fake"), len(levels) > 1)


@pytest.fixture
def read(engine, detector):
    def read(frames, fps=25, **options):
        clip = clip_of(frames, fps, is_video=len(frames) > 1)
        return read_source(clip, engine, finders(detector), ArgumentConfig(**options), silent)

    return read


@pytest.fixture
def source(read):
    return read([grey(100, 200, 160)])


@pytest.fixture
def frames(engine):
    """The frames of a result, for a source and a driver for each of its faces."""

    def rendered(source, *drivers, options=None, batch_size=4, size=None, align="time"):
        timeline = make_timeline(source, [one for one in drivers if one is not None], align)
        faces = [
            FaceRenderer(engine, portrait, one, timeline, options or TransferOptions(), source_is_video=source.is_video)
            for portrait, one in zip(source.portraits, drivers, strict=True)
        ]
        return render(source, faces, timeline, batch_size=batch_size, size=size)

    return rendered


def crop_levels(frames, face=0):
    return [float(frame.faces[face].crop.mean()) for frame in frames]


# A picture ------------------------------------------------------------------------------------------------------------


def test_relative_motion_starts_at_the_source(frames, source):
    assert crop_levels(frames(source, driver())) == pytest.approx([127 + n - LEVELS[0] for n in LEVELS], abs=1.01)


def test_absolute_motion(frames, source):
    levels = crop_levels(frames(source, driver(), options=ABSOLUTE))
    assert levels == pytest.approx([127.5 + level - 100 for level in LEVELS], abs=1.01)


def test_a_still_driver_is_compared_with_the_neutral_face(engine, frames, source):
    """A video is compared with its own first frame."""
    engine.neutral_exp = torch.full((21, 3), 0.05)
    for n, expected in ((1, 127.5 + 255 * (0.2 - 0.05)), (2, 127.5)):
        motion = replace(motion_of(torch.zeros(n)), exp=torch.full((n, 21, 3), 0.2))
        still = Driving(MotionTemplate(motion, Fraction(25), "fake"), n > 1)
        assert crop_levels(frames(source, still)) == pytest.approx([expected] * n, abs=1.01)


def test_a_video_of_one_frame_is_compared_with_itself(engine, frames, source):
    engine.neutral_exp = torch.full((21, 3), 0.05)
    motion = replace(motion_of(torch.zeros(1)), exp=torch.full((1, 21, 3), 0.2))
    assert crop_levels(frames(source, Driving(MotionTemplate(motion, Fraction(25), "fake"), True))) == [127]


@pytest.mark.parametrize("size", [1, 3, 10, 64])
def test_batches_change_nothing_in_the_result(engine, frames, source, size):
    rendered = list(frames(source, driver(), batch_size=size))
    sizes = [n for what, n in engine.events if what == "render"]
    assert max(sizes) == min(size, 10) and sum(sizes) == len(rendered) == 10
    assert crop_levels(rendered) == crop_levels(frames(source, driver(), batch_size=5))


def test_the_place_in_the_picture_comes_along(frames, source):
    frame = next(frames(source, driver()))
    assert frame.pastes and frame.faces[0].crop.shape == (OUT, OUT, 3) and frame.frame.shape == (160, 200, 3)
    pasted = frame.faces[0].paste_back.paste(frame.faces[0].crop, frame.frame)
    assert pasted[66, 100, 0] == frame.faces[0].crop[0, 0, 0] == 127
    outside = np.ones((160, 200), bool)
    outside[11:122, 44:156] = False  # a side of 2.3 faces of 48 px, moved up by an eighth
    assert (pasted[outside] == 100).all() and (frame.frame == 100).all()


def test_without_paste_back(frames, read):
    frame = next(frames(read([grey(100)], flag_pasteback=False), driver()))
    assert not frame.pastes and frame.faces[0].paste_back is None


@pytest.mark.parametrize("size", [None, 32, OUT, 100])
def test_size_of_the_crops(frames, read, size):
    source = read([people(100), people(0), people(110)])
    shapes = {frame.faces[0].crop.shape for frame in frames(source, driver(LEVELS[:3]), size=size)}
    assert shapes == {(size or OUT, size or OUT, 3)}  # those without a face as well


def test_a_stream_not_a_list(engine, frames, source):
    """A frame is rendered when it is asked for, and nobody but the caller keeps it."""
    stream = frames(source, driver(LEVELS * 5), batch_size=2)
    rendered = lambda: sum(n for what, n in engine.events if what == "render")  # noqa: E731
    assert rendered() == 0
    seen = []
    for number, frame in enumerate(stream, start=1):
        assert rendered() <= number + 1
        seen.append(weakref.ref(frame))
        assert sum(ref() is not None for ref in seen) <= 2
    assert number == rendered() == 50


def test_what_is_missing_is_said_before_the_first_frame(frames, source):
    with pytest.raises(InputError, match="lip opening of the driver"):
        frames(source, driver(), options=TransferOptions(flag_lip_retargeting=True))


def test_stitching_can_be_left_out(engine, frames, source):
    list(frames(source, driver(), options=TransferOptions(flag_stitching=False)))
    assert engine.heads.calls == []
    list(frames(source, driver()))
    assert set(engine.heads.calls) == {"stitch"}


def test_too_large_a_batch_is_said_in_plain_words(engine, frames, source):
    def fail(*args):
        raise torch.OutOfMemoryError("CUDA out of memory")

    engine.warp_decode = fail
    with pytest.raises(LivePortraitError, match="does not hold 4 frames at once: use a smaller --batch_size"):
        next(frames(source, driver()))


# A video --------------------------------------------------------------------------------------------------------------


def test_every_frame_is_encoded_and_driven_with_its_own(engine, frames, read):
    source = read([people(100 + 3 * k, shift=k) for k in range(10)])
    levels = crop_levels(frames(source, driver(), options=ABSOLUTE, batch_size=3))
    assert levels == pytest.approx([127.5 + n - 100 - 3 * k for k, n in enumerate(LEVELS)], abs=1.5)
    assert [encoded for encoded, _ in engine.warped] == pytest.approx([100 + 3 * k for k in range(10)], abs=0.5)
    assert [keypoints for _, keypoints in engine.warped] == pytest.approx([100 + 3 * k for k in range(10)], abs=0.5)


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_relative_motion_keeps_the_place_that_each_frame_has(frames, read, batch_size):
    source = read([people(100 + 3 * k, shift=k) for k in range(10)])
    assert crop_levels(frames(source, driver(), batch_size=batch_size)) == pytest.approx([127] * 10, abs=1.01)


@pytest.mark.parametrize("batch_size", [1, 2, 4, 64])
def test_frames_without_a_face_pass_through(engine, frames, read, batch_size):
    """At the beginning, in the middle and at the end; the motion of all others is that of the unbroken clip."""
    shown = [people(100 + 3 * k, shift=k) for k in range(10)]
    broken = [np.where(shown[k] > 0, 3, 0).astype(np.uint8) if k in (0, 1, 4, 9) else shown[k] for k in range(10)]
    unbroken = crop_levels(frames(read(shown), driver(), options=ABSOLUTE))
    engine.warped.clear()
    rendered = list(frames(read(broken), driver(), options=ABSOLUTE, batch_size=batch_size))
    for k, frame in enumerate(rendered):
        np.testing.assert_array_equal(frame.frame, broken[k])
        assert (frame.faces[0].paste_back is None) is (k in (0, 1, 4, 9))
        if k not in (0, 1, 4, 9):
            assert frame.faces[0].crop.mean() == unbroken[k]
    assert len(rendered) == 10 and len(engine.warped) == 6


@pytest.mark.parametrize(
    ("rate", "positions"),
    [(25, range(10)), (50, [0, 2, 4, 6, 8]), ("25/2", np.arange(20) / 2), (30, np.arange(8) * 1.2)],
)
def test_the_driver_is_asked_for_the_moment_of_the_frame(frames, read, rate, positions):
    source = read([people(100)] * 20)
    levels = crop_levels(frames(source, driver(fps=Fraction(rate)), options=ABSOLUTE))
    wanted = np.interp(list(positions), range(10), LEVELS)
    assert levels == pytest.approx(list(27.5 + wanted), abs=1.01)
    by_index = crop_levels(frames(source, driver(fps=Fraction(rate)), options=ABSOLUTE, align="index"))
    assert by_index == pytest.approx([27.5 + level for level in LEVELS], abs=1.01)


def test_a_still_driver_moves_all_frames(frames, read):
    levels = crop_levels(frames(read([people(100 + 2 * k) for k in range(5)]), driver([150]), options=ABSOLUTE))
    assert levels == pytest.approx([177.5 - 2 * k for k in range(5)], abs=1.01)


def test_a_source_video_of_one_frame(frames, engine, detector):
    clip = clip_of([people(100)])
    source = read_source(clip, engine, finders(detector), ArgumentConfig(), silent)
    for one in (driver(), driver([60])):
        assert crop_levels(frames(source, one, options=ABSOLUTE)) == pytest.approx([87.5], abs=1.01)


# Several faces --------------------------------------------------------------------------------------------------------


def test_each_face_follows_its_own_driver(frames, read):
    source = read([people(100, 120)], faces="all")
    rendered = list(frames(source, driver([60, 80, 100]), driver([90, 80, 70])))
    assert crop_levels(rendered, 0) == pytest.approx([127, 147, 167], abs=1.01)
    assert crop_levels(rendered, 1) == pytest.approx([127, 117, 107], abs=1.01)


def test_a_face_without_a_driver_stays_as_it_is(engine, frames, read):
    source = read([people(100, 120)], faces="all")
    rendered = list(frames(source, None, driver([90, 80, 70])))
    assert crop_levels(rendered, 0) == pytest.approx([100] * 3, abs=0.5) and rendered[0].faces[0].paste_back is None
    assert crop_levels(rendered, 1) == pytest.approx([127, 117, 107], abs=1.01)
    assert len(engine.warped) == 3


# Helpers --------------------------------------------------------------------------------------------------------------


def test_sized():
    crop = grey(90, 64, 64)
    assert sized(crop, None) is crop and sized(crop, 64) is crop
    assert sized(crop, 32).shape == (32, 32, 3) and sized(crop, 128).shape == (128, 128, 3)
    assert sized(grey(90, 64, 32), 64).shape == (64, 64, 3)
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::2] = 200
    assert (sized(stripes, 32) == 100).all()  # averaged


OPTIONS = {
    "flag_relative_motion": False,
    "flag_stitching": False,
    "animation_region": "lip",
    "driving_option": "pose-friendly",
    "driving_multiplier": 1.5,
    "flag_normalize_lip": True,
    "flag_eye_retargeting": True,
    "flag_lip_retargeting": True,
    "eyes_retargeting_ratio": 0.5,
    "lip_retargeting_ratio": 0.25,
    "retargeting_mode": "additive",
    "driving_eye": "mean",
    "expression_scale": "true",
    "flag_source_video_eye_retargeting": True,
    "driving_smooth_observation_variance": 1e-6,
    "lip_normalize_threshold": 0.1,
    "source_video_eye_retargeting_threshold": 0.2,
}


def test_every_motion_option_of_the_arguments_arrives():
    assert OPTIONS.keys() == vars(TransferOptions()).keys()
    assert transfer_options(ArgumentConfig(**OPTIONS)) == TransferOptions(**OPTIONS)
    assert transfer_options(ArgumentConfig()) == TransferOptions()


def test_lips_of_animals_move_half_as_far():
    assert transfer_options(ArgumentConfig(animals=True)).lip_retargeting_ratio == 0.5
    assert transfer_options(ArgumentConfig(animals=True, lip_retargeting_ratio=0.6)).lip_retargeting_ratio == 0.3
    assert transfer_options(ArgumentConfig()).lip_retargeting_ratio == 1
