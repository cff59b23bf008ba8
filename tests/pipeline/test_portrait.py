import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.motion.keypoints import transform_keypoint
from src.pipeline.framing import CROP_SIZE, Framing
from src.pipeline.portrait import MovingPortrait, StillPortrait, network_crop, network_input

from .fakes import motion_of
from .scenes import grey, people

SHOWN = np.array([False, True, True, False, True])


@pytest.fixture
def moving(engine):
    """A face of 80 px that moves to the right by 4 px a frame, in five frames of which three show it."""
    places = np.array([[48.0 + 4 * index, 48, 55, 0] for index in range(5)])
    motion = motion_of(torch.tensor([100.0, 100, 120, 130, 140]) / 255)
    return MovingPortrait(engine, Framing.of(ArgumentConfig(), engine), motion, SHOWN, places)


def frames(*indices):
    return [people(100 + 10 * index, 0, shift=4 * index) for index in indices]


def test_a_still_is_one_view_for_all_frames(engine):
    motion, preview = motion_of(torch.tensor([0.3])), grey(80)
    portrait = StillPortrait(motion, preview, engine.encode_source(network_input(engine, [preview])), None)
    assert portrait.shown(3, 6) == [3, 4, 5] and portrait.untouched(4, grey(0)) is preview
    views = portrait.views([3, 4, 5], [grey(0)] * 3)
    assert views.previews == [preview] * 3 and views.paste_backs == [None] * 3
    assert len(views.features) == 1 and torch.equal(views.x_s, transform_keypoint(motion))


def test_which_frames_show_it(moving):
    assert moving.shown(0, 5) == [1, 2, 4] and moving.shown(3, 4) == [] and moving.n_missing == 2


def test_every_frame_is_cut_out_at_its_own_place(moving, engine):
    views = moving.views([1, 2, 4], frames(1, 2, 4))
    for preview, level in zip(views.previews, (110, 120, 140), strict=True):
        assert preview.shape == (CROP_SIZE, CROP_SIZE, 3) and (preview == level).all()
    assert (views.features.volume[:, 0] * 255).tolist() == pytest.approx([110, 120, 140], abs=0.01)
    assert torch.equal(views.x_s, transform_keypoint(moving.motion[torch.tensor([1, 2, 4])]))
    assert engine.events == [("prepare", 3), ("encode", 3)]


def test_every_frame_is_pasted_back_at_its_own_place(moving):
    white = np.full((CROP_SIZE, CROP_SIZE, 3), 255, np.uint8)
    for index, paste_back in zip((1, 4), moving.views([1, 4], frames(1, 4)).paste_backs, strict=True):
        columns = np.flatnonzero((paste_back.paste(white, np.zeros_like(frames(0)[0])) > 200).any(axis=(0, 2)))
        assert columns.mean() == pytest.approx(48 + 4 * index, abs=1)


def test_a_frame_that_does_not_show_it_has_a_place_all_the_same(moving, engine):
    assert (moving.untouched(3, frames(3)[0]) == 130).all() and not engine.events


def test_whole_frames(engine):
    portrait = MovingPortrait(
        engine, Framing.of(ArgumentConfig(), engine), motion_of(torch.tensor([0.1, 0.2])), np.ones(2, bool), None
    )
    frame = grey(50, 60, 40)
    views = portrait.views([0, 1], [frame, frame])
    assert views.previews[0] is frame and views.paste_backs == [None, None] and len(views.features) == 2


def test_crops_are_shrunk_by_averaging_and_frames_left_to_the_engine(engine):
    crop = np.zeros((CROP_SIZE, CROP_SIZE, 3), np.uint8)
    crop[::2] = 200
    assert (network_crop(engine, crop) == 100).all() and network_crop(engine, crop).shape == (256, 256, 3)
    frame = grey(50, 300, 200)
    assert network_crop(engine, frame) is frame
    engine.crop_size = CROP_SIZE
    assert network_crop(engine, crop) is crop
    assert network_input(engine, [crop, crop]).shape == (2, 3, CROP_SIZE, CROP_SIZE)
