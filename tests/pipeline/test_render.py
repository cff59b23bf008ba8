import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.errors import InputError
from src.motion.template import MotionTemplate
from src.motion.transfer_options import TransferOptions
from src.pipeline.driving import Driving
from src.pipeline.render import parse_output, render, transfer_options
from src.pipeline.source import prepare_source

from .conftest import LEVELS
from .fakes import OUT, grey, motion_of


@pytest.fixture
def source(engine, detector):
    return prepare_source(grey(100, 200, 160), engine, lambda: detector, ArgumentConfig(), "s.png")


def driving(levels=LEVELS):
    return Driving(MotionTemplate(motion_of(torch.tensor(levels) / 255), fps=25, model="fake"))


def crop_levels(frames):
    return [float(frame.crop.mean()) for frame in frames]


def test_relative_motion_starts_at_the_source(engine, source):
    levels = crop_levels(render(engine, source, driving(), TransferOptions()))
    assert levels == pytest.approx([127 + level - LEVELS[0] for level in LEVELS], abs=1.01)


def test_absolute_motion(engine, source):
    options = TransferOptions(flag_relative_motion=False, driving_option="pose-friendly")
    levels = crop_levels(render(engine, source, driving(), options))
    assert levels == pytest.approx([127.5 + level - 100 for level in LEVELS], abs=1.01)


def test_a_still_driver_is_compared_with_the_neutral_face(engine, source):
    """A video is compared with its own first frame."""
    engine.neutral_exp = torch.full((21, 3), 0.05)
    for n, expected in ((1, 127.5 + 255 * (0.2 - 0.05)), (2, 127.5)):
        motion = replace(motion_of(torch.zeros(n)), exp=torch.full((n, 21, 3), 0.2))
        still = Driving(MotionTemplate(motion, fps=25, model="fake"))
        levels = crop_levels(render(engine, source, still, TransferOptions()))
        assert levels == pytest.approx([expected] * n, abs=1.01)


@pytest.mark.parametrize("size", [None, 1, 3, 10, 64])
def test_batches_change_nothing_in_the_result(engine, source, size):
    frames = list(render(engine, source, driving(), TransferOptions(), size))
    sizes = [n for what, n in engine.events if what == "render"]
    assert max(sizes) == min(size or engine.batch_size, 10) and sum(sizes) == len(frames) == 10
    assert crop_levels(frames) == crop_levels(render(engine, source, driving(), TransferOptions(), 5))


def test_pasted_into_the_whole_picture(engine, source):
    frame = next(render(engine, source, driving(), TransferOptions()))
    assert frame.crop.shape == (OUT, OUT, 3) and frame.frame.shape == source.frame.shape
    assert frame.frame[66, 100, 0] == frame.crop[0, 0, 0] == 127
    outside = np.ones((160, 200), bool)
    outside[11:122, 44:156] = False  # a side of 2.3 faces of 48 px, moved up by an eighth
    assert (frame.frame[outside] == 100).all()
    assert (source.frame == 100).all()


def test_without_paste_back_the_frame_is_the_crop(engine, detector):
    args = ArgumentConfig(flag_pasteback=False)
    source = prepare_source(grey(100), engine, lambda: detector, args, "s.png")
    frame = next(render(engine, source, driving(), TransferOptions()))
    assert frame.frame is frame.crop


def test_a_stream_not_a_list(engine, source):
    """A frame is rendered when it is asked for, and nobody but the caller keeps it."""
    frames = render(engine, source, driving(LEVELS * 5), TransferOptions(), batch_size=2)
    rendered = lambda: sum(n for what, n in engine.events if what == "render")  # noqa: E731
    assert rendered() == 0
    seen = []
    for number, frame in enumerate(frames, start=1):
        assert rendered() <= number + 1
        seen.append(weakref.ref(frame))
        assert sum(ref() is not None for ref in seen) <= 2
    assert number == rendered() == 50


def test_what_is_missing_is_said_before_the_first_frame(engine, source):
    with pytest.raises(InputError, match="lip opening of the driver"):
        render(engine, source, driving(), TransferOptions(flag_lip_retargeting=True))


def test_stitching_can_be_left_out(engine, source):
    list(render(engine, source, driving(), TransferOptions(flag_stitching=False)))
    assert engine.heads.calls == []
    list(render(engine, source, driving(), TransferOptions()))
    assert set(engine.heads.calls) == {"stitch"}


def test_parse_output_truncates_and_limits():
    pictures = torch.tensor([-0.5, 0.0, 0.5, 0.9999, 1.0, 7.0]).reshape(1, 1, 2, 3).expand(2, 3, 2, 3)
    out = parse_output(pictures)
    assert out.shape == (2, 2, 3, 3) and out.dtype == np.uint8
    assert out[1, :, :, 2].ravel().tolist() == [0, 0, 127, 254, 255, 255]


def test_every_motion_option_of_the_arguments_arrives():
    args = ArgumentConfig(
        flag_relative_motion=False,
        flag_stitching=False,
        animation_region="lip",
        driving_option="pose-friendly",
        driving_multiplier=1.5,
        flag_normalize_lip=True,
        flag_eye_retargeting=True,
        flag_lip_retargeting=True,
        eyes_retargeting_ratio=0.5,
        lip_retargeting_ratio=0.25,
        retargeting_mode="additive",
        driving_eye="mean",
    )
    options = transfer_options(args)
    assert options == TransferOptions(
        flag_relative_motion=False,
        flag_stitching=False,
        animation_region="lip",
        driving_option="pose-friendly",
        driving_multiplier=1.5,
        flag_normalize_lip=True,
        flag_eye_retargeting=True,
        flag_lip_retargeting=True,
        eyes_retargeting_ratio=0.5,
        lip_retargeting_ratio=0.25,
        retargeting_mode="additive",
        driving_eye="mean",
    )
    assert transfer_options(ArgumentConfig()) == TransferOptions()
