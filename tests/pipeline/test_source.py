import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.errors import NoFaceError
from src.face.face import Face, Scheme
from src.pipeline.source import prepare_source, with_ratios

from .fakes import face_in, grey, motion_of


class Tilted:
    """Finds a face that is turned by 90 degrees."""

    name = "tilted"

    def detect(self, rgb):
        face = face_in(rgb)
        middle = np.array(rgb.shape[1::-1], np.float32) / 2
        points = (face.landmarks - middle) @ np.array([[0, 1], [-1, 0]], np.float32) + middle
        return [Face(face.box, 0.9, points.astype(np.float32), Scheme.LMK203)]

    def follow(self, rgb, previous):
        return self.detect(rgb)[0]


def prepare(frame, engine, detector=None, **options):
    return prepare_source(frame, engine, lambda: detector, ArgumentConfig(**options), "s.png")


@pytest.fixture
def picture():
    rgb = grey(100, 200, 160)
    rgb[:, 100:] = 140
    return rgb


def test_cropped(picture, engine, detector):
    source = prepare(picture, engine, detector)
    assert source.preview.shape == (512, 512, 3) and source.frame is picture
    assert source.x_s.shape == (1, 21, 3) and len(source.motion) == 1
    assert source.motion.eye_ratio.shape == (1, 2) and source.motion.lip_ratio.shape == (1, 1)
    assert source.paste_back is not None
    assert engine.events == [("prepare", 1)]
    np.testing.assert_allclose(source.preview[:, :200].mean(), 100, atol=1)
    np.testing.assert_allclose(source.preview[:, 312:].mean(), 140, atol=1)


@pytest.mark.parametrize(
    ("options", "pastes"),
    [
        ({}, True),
        ({"flag_pasteback": False}, False),
        ({"flag_stitching": False}, False),
        ({"flag_do_crop": False}, False),
    ],
)
def test_when_something_is_pasted_back(picture, engine, detector, options, pastes):
    assert (prepare(picture, engine, detector, **options).paste_back is not None) is pastes


def test_uncropped_needs_no_detector(picture, engine):
    source = prepare(picture, engine, None, flag_do_crop=False)
    assert source.preview is picture and source.motion.eye_ratio is None


@pytest.mark.parametrize("flag", ["flag_eye_retargeting", "flag_lip_retargeting", "flag_normalize_lip"])
def test_uncropped_is_measured_where_that_is_needed(picture, engine, detector, flag):
    source = prepare(picture, engine, detector, flag_do_crop=False, **{flag: True})
    assert source.preview is picture and source.motion.lip_ratio is not None


def test_no_face(engine, detector):
    with pytest.raises(NoFaceError, match=r"source s\.png"):
        prepare(grey(0), engine, detector)
    assert prepare(grey(0), engine, detector, flag_do_crop=False, flag_normalize_lip=True).motion.lip_ratio is None


def test_crop_options(picture, engine, detector):
    """What the crop shows, by the place of the edge between the two greys."""

    def edge(**options):
        row = prepare(picture, engine, detector, **options).preview[256, :, 0]
        return int(np.argmax(row > 120))

    assert edge() == pytest.approx(256, abs=2)
    assert edge(vx_ratio=0.1) == pytest.approx(256 - 51, abs=2)
    assert edge(scale=1.0) == pytest.approx(256, abs=8)
    black = [(prepare(picture, engine, detector, scale=scale).preview == 0).mean() for scale in (2.3, 9.2)]
    assert black[0] == 0 and black[1] > 0.3


def test_rotation(picture, engine):
    upright, turned = (
        prepare(picture, engine, Tilted(), vy_ratio=0.0, flag_do_rot=rot).preview for rot in (False, True)
    )
    assert upright[256, 200:220].mean() < 120 < upright[256, 290:310].mean()  # the edge still runs downwards
    columns = turned[200:220, 256].mean(), turned[290:310, 256].mean()  # now it runs across
    assert min(columns) < 120 < max(columns)


def test_with_ratios():
    faces = [face_in(grey(level)) for level in (40, 200)]
    motion = with_ratios(motion_of(torch.tensor([0.1, 0.2])), faces)
    assert motion.eye_ratio.shape == (2, 2) and motion.lip_ratio.shape == (2, 1)
    assert motion.lip_ratio[0] < motion.lip_ratio[1] and motion.eye_ratio.dtype == torch.float32
