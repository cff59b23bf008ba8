import logging
from dataclasses import replace

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, NoFaceError
from src.face.face import Face, Scheme
from src.pipeline.framing import Framing
from src.pipeline.source_picture import still_portraits

from .fakes import FakeDetector, MeshDetector, faces_in, finders, levels_of
from .scenes import clip_of, grey, people


class Tilted(FakeDetector):
    """Finds a face that is turned by 90 degrees."""

    def find(self, rgb):
        (face,) = faces_in(rgb)
        middle = np.array(rgb.shape[1::-1], np.float32) / 2
        points = (face.landmarks - middle) @ np.array([[0, 1], [-1, 0]], np.float32) + middle
        return [Face(face.box, 0.9, points.astype(np.float32), Scheme.LMK203)]


@pytest.fixture
def portraits(engine):
    def read(frame, detector=None, **options):
        framing = Framing.of(ArgumentConfig(**options), engine)
        return still_portraits(clip_of([frame], is_video=False), engine, framing, finders(detector))

    return read


@pytest.fixture
def portrait(portraits):
    return lambda *args, **options: portraits(*args, **options)[0]


@pytest.fixture
def picture():
    rgb = grey(100, 200, 160)
    rgb[:, 100:] = 140
    return rgb


def test_cropped(picture, engine, detector, portraits):
    (face,) = portraits(picture, detector)
    assert face.preview.shape == (512, 512, 3) and face.x_s.shape == (1, 21, 3) and len(face.motion) == 1
    assert face.motion.eye_ratio.shape == (1, 2) and face.motion.lip_ratio.shape == (1, 1)
    assert face.paste_back is not None
    assert engine.events == [("prepare", 1), ("encode", 1)]
    np.testing.assert_allclose(face.preview[:, :200].mean(), 100, atol=1)
    np.testing.assert_allclose(face.preview[:, 312:].mean(), 140, atol=1)


@pytest.mark.parametrize(
    ("options", "pastes"),
    [
        ({}, True),
        ({"flag_pasteback": False}, False),
        ({"flag_stitching": False}, False),
        ({"flag_do_crop": False}, False),
    ],
)
def test_when_something_is_pasted_back(picture, detector, portrait, options, pastes):
    assert (portrait(picture, detector, **options).paste_back is not None) is pastes


def test_uncropped_needs_no_detector(picture, portrait):
    face = portrait(picture, None, flag_do_crop=False)
    np.testing.assert_array_equal(face.preview, picture)
    assert face.motion.eye_ratio is None


@pytest.mark.parametrize("flag", ["flag_eye_retargeting", "flag_lip_retargeting", "flag_normalize_lip"])
def test_uncropped_is_measured_where_that_is_needed(picture, detector, portrait, flag):
    face = portrait(picture, detector, flag_do_crop=False, **{flag: True})
    assert face.preview.shape == picture.shape and face.motion.lip_ratio is not None


def test_no_face(detector, portrait):
    with pytest.raises(NoFaceError, match="no face found in the source 'c'"):
        portrait(grey(0), detector)
    assert portrait(grey(0), detector, flag_do_crop=False, flag_normalize_lip=True).motion.lip_ratio is None


@pytest.mark.parametrize(
    ("faces", "levels"),
    [("largest", [130]), ("all", [90, 130, 60]), ("0", [90]), ("2,0", [60, 90]), ("0,1,2", [90, 130, 60])],
)
def test_the_choice_of_faces(detector, portraits, caplog, faces, levels):
    with caplog.at_level(logging.INFO):
        frame = people(90, 130, 60)
        frame[:, 98:190] = 130  # the middle one is a little larger
        found = portraits(frame, detector, faces=faces)
    assert [levels_of(face.motion)[0] for face in found] == pytest.approx(levels, abs=0.5)
    assert [float(face.preview.mean()) for face in found] == pytest.approx(levels, abs=0.5)
    assert ("3 faces in the source" in caplog.text) is (faces == "largest")


def test_faces_that_are_not_there(detector, portraits):
    with pytest.raises(InputError, match="--faces asks for face 2, but the source 'c' shows 2 faces"):
        portraits(people(90, 130), detector, faces="0,2")


def test_every_face_is_pasted_where_it_was(detector, portraits):
    frame = people(90, 130)
    for number, face in enumerate(portraits(frame, detector, faces="all")):
        pasted = face.paste_back.paste(grey(255, 512, 512), frame)
        changed = np.flatnonzero((pasted != frame).any(axis=(0, 2)))
        assert 96 * number < changed[0] and changed[-1] < 96 * (number + 1)


def test_a_mesh_is_read_in_its_crop(picture, engine, portrait):
    given = []
    get_motion = engine.get_motion
    engine.get_motion = lambda pictures, meshes=None: given.append(meshes) or get_motion(pictures)
    portrait(picture, MeshDetector())
    portrait(picture, MeshDetector(), flag_do_crop=False, flag_normalize_lip=True)
    portrait(picture, FakeDetector())
    assert given[0].shape == (1, 478, 3) and given[1:] == [None, None]
    assert np.ptp(given[0][0, :, 0]) < 2 and abs(given[0][0, :, 0].mean()) < 0.2  # -1 to 1 over the crop


def test_a_picture_is_cropped_by_the_points_for_pictures(picture, portrait):
    class TwoSets(FakeDetector):
        def find(self, rgb):
            (face,) = faces_in(rgb)
            middle = np.array(rgb.shape[1::-1], np.float32) / 2
            return [replace(face, still_landmarks=(face.landmarks - middle) * 1.5 + middle, still_scheme=face.scheme)]

    wide = portrait(picture, TwoSets()).preview
    np.testing.assert_allclose(wide, portrait(picture, FakeDetector(), scale=2.3 * 1.5).preview, atol=2)
    assert (wide != portrait(picture, FakeDetector()).preview).any()


def test_crop_options(picture, detector, portrait):
    """What the crop shows, by the place of the edge between the two greys."""

    def edge(**options):
        row = portrait(picture, detector, **options).preview[256, :, 0]
        return int(np.argmax(row > 120))

    assert edge() == pytest.approx(256, abs=2)
    assert edge(vx_ratio=0.1) == pytest.approx(256 - 51, abs=2)
    assert edge(scale=1.0) == pytest.approx(256, abs=8)
    black = [(portrait(picture, detector, scale=scale).preview == 0).mean() for scale in (2.3, 9.2)]
    assert black[0] == 0 and black[1] > 0.3


def test_rotation(picture, portrait):
    upright, turned = (portrait(picture, Tilted(), vy_ratio=0.0, flag_do_rot=rot).preview for rot in (False, True))
    assert upright[256, 200:220].mean() < 120 < upright[256, 290:310].mean()  # the edge still runs downwards
    columns = turned[200:220, 256].mean(), turned[290:310, 256].mean()  # now it runs across
    assert min(columns) < 120 < max(columns)
