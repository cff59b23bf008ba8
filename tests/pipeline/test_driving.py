import logging
from fractions import Fraction

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.errors import MissingFileError, NoFaceError, TemplateError
from src.face.ratios import eye_ratios, lip_ratio
from src.pipeline.driving import FINDING, READING, read_driving
from src.pipeline.progress import silent

from .conftest import LEVELS
from .fakes import FakeEngine, face_in, grey, make_video


def no_detector():
    raise AssertionError("no face is needed")


def read(path, engine, detector=no_detector, progress=silent, **options):
    found = detector if detector is no_detector else lambda: detector
    return read_driving(path, engine, found, ArgumentConfig(**options), progress)


def levels(driving):
    """The grey levels that the motion says."""
    return (driving.template.motion.t[:, 0] * 255).tolist()


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize(("name", "expected"), [("d.mp4", LEVELS), ("d.gif", LEVELS), ("d.png", [150])])
def test_motion_of_every_frame(media, engine, detector, name, expected, crop):
    driving = read(media / name, engine, detector, flag_crop_driving_video=crop)
    assert levels(driving) == pytest.approx(expected, abs=2)
    assert (driving.template.fps, driving.template.model) == (25, "fake")
    assert driving.is_video is (len(expected) > 1) and (driving.box is not None) is crop


def test_template(media, engine):
    driving = read(media / "d.safetensors", engine)
    assert levels(driving) == pytest.approx(LEVELS, abs=1e-3)
    assert driving.is_video and driving.clip is None and list(driving.previews()) == []
    assert not read(media / "still.safetensors", engine).is_video


def test_a_template_of_another_model(media):
    with pytest.raises(TemplateError, match="of the model 'fake' and cannot drive 'base'"):
        read(media / "d.safetensors", FakeEngine("base"))


def test_nothing_there(media, engine):
    with pytest.raises(MissingFileError, match=r"none\.mp4"):
        read(media / "none.mp4", engine)


@pytest.mark.parametrize(
    ("size", "always", "asked", "crops"),
    [
        ((96, 96), False, False, False),
        ((96, 96), False, True, True),
        ((96, 96), True, False, True),
        ((128, 96), False, False, True),
    ],
)
def test_when_the_driving_video_is_cropped(tmp_path, detector, size, always, asked, crops):
    path = make_video(tmp_path / "v.mp4", [100, 120], width=size[0], height=size[1])
    driving = read(path, FakeEngine(always_crops_driving=always), detector, flag_crop_driving_video=asked)
    assert (driving.box is not None) is crops
    assert (driving.template.motion.eye_ratio is not None) is crops  # where faces are found they are measured


def test_the_box_is_that_of_the_options(tmp_path, engine, detector):
    path = make_video(tmp_path / "v.mp4", [100, 120])
    boxes = [
        read(path, engine, detector, flag_crop_driving_video=True, **options).box
        for options in (
            {},
            {"scale_crop_driving_video": 4.4},
            {"vx_ratio_crop_driving_video": 0.1},
            {"vy_ratio_crop_driving_video": 0.0},
        )
    ]
    sides = [box[2] - box[0] for box in boxes]
    assert sides[1] == pytest.approx(2 * sides[0], rel=1e-4)
    np.testing.assert_allclose(boxes[2] - boxes[0], [0.1 * sides[0], 0, 0.1 * sides[0], 0], atol=1e-3)
    np.testing.assert_allclose(boxes[3] - boxes[0], [0, 0.1 * sides[0], 0, 0.1 * sides[0]], atol=1e-3)


@pytest.mark.parametrize(
    "options", [{"flag_eye_retargeting": True}, {"flag_lip_retargeting": True}, {"save_motion_template": "kept"}]
)
def test_openings_are_measured_where_they_are_needed(media, engine, detector, options):
    assert read(media / "d.mp4", engine, detector).template.motion.eye_ratio is None
    motion = read(media / "d.mp4", engine, detector, **options).template.motion
    assert motion.eye_ratio.shape == (10, 2) and motion.lip_ratio.shape == (10, 1)
    for i, level in enumerate(LEVELS):
        face = face_in(grey(level))
        np.testing.assert_allclose(motion.eye_ratio[i], eye_ratios(face.landmarks, face.scheme)[0], atol=0.01)
        np.testing.assert_allclose(motion.lip_ratio[i], lip_ratio(face.landmarks, face.scheme)[0], atol=0.01)


@pytest.mark.parametrize(
    ("shown", "held"),
    [
        ([100, 0, 0, 160, 180], [100, 100, 100, 160, 180]),  # in the middle: the last pose
        ([0, 0, 100, 120], [100, 100, 100, 120]),  # at the start: the first one to come
        ([100, 120, 0], [100, 120, 120]),  # at the end
        ([0, 90, 0, 0, 140, 0], [90, 90, 90, 90, 140, 140]),
    ],
)
def test_frames_without_a_face_hold_a_pose(tmp_path, engine, detector, caplog, shown, held):
    path = make_video(tmp_path / "v.mp4", shown)
    with caplog.at_level(logging.WARNING):
        motion = read(path, engine, detector, flag_lip_retargeting=True).template.motion
    expected = [lip_ratio(face_in(grey(level)).landmarks, face_in(grey(level)).scheme)[0, 0] for level in held]
    np.testing.assert_allclose(motion.lip_ratio[:, 0], expected, atol=0.01)
    assert f"{shown.count(0)} of {len(shown)} driving frames show no face" in caplog.text


def test_no_face_at_all(tmp_path, engine, detector):
    path = make_video(tmp_path / "black.mp4", [0, 0, 0])
    with pytest.raises(NoFaceError, match=r"driving .*black\.mp4"):
        read(path, engine, detector, flag_crop_driving_video=True)
    assert read(path, engine, detector).template.n_frames == 3  # nothing that is asked for needs a face


def test_a_hint_at_strange_framing(tmp_path, engine, detector, caplog):
    far = make_video(tmp_path / "far.mp4", [100])
    with caplog.at_level(logging.WARNING):
        read(far, engine, detector)
        assert "--flag_crop_driving_video" in caplog.text
        caplog.clear()
        read(far, engine, detector, flag_crop_driving_video=True)
        read(make_video(tmp_path / "black.mp4", [0]), engine, detector)
    assert not caplog.records


def test_previews_show_what_the_networks_saw(tmp_path, engine, detector):
    path = make_video(tmp_path / "v.mp4", [100, 140], Fraction(30000, 1001), width=160, height=96)
    driving = read(path, engine, detector, scale_crop_driving_video=20.0, vy_ratio_crop_driving_video=0.0)
    for _ in range(2):  # a second pass is possible; the box is so wide that it shows black around
        previews = list(driving.previews())
        assert [preview.shape for preview in previews] == [(256, 256, 3)] * 2
        assert previews[0][128, 128].mean() == pytest.approx(100, abs=2) and not previews[0][0, 0].any()
        assert previews[1][128, 128].mean() == pytest.approx(140, abs=2)
    assert driving.template.fps == Fraction(30000, 1001)


def test_previews_are_decoded_one_by_one(media, engine, detector):
    driving = read(media / "d.mp4", engine, detector)

    class CountedClip:
        decoded = 0

        def __iter__(self):
            for frame in driving.clip:
                self.decoded += 1
                yield frame

    clip = CountedClip()
    previews = type(driving)(driving.template, clip).previews()
    assert clip.decoded == 0
    next(previews)
    assert clip.decoded == 1


def test_no_pass_keeps_the_frames(tmp_path, engine, detector):
    path = make_video(tmp_path / "v.mp4", LEVELS * 4)
    read(path, engine, detector, flag_crop_driving_video=True)
    assert detector.calls == 40 and detector.most_held <= 3
    assert max(n for what, n in engine.events if what == "prepare") == engine.batch_size


@pytest.mark.parametrize(("asked", "sizes"), [(None, [4, 4, 2]), (3, [3, 3, 3, 1]), (64, [10])])
def test_batches(media, engine, detector, asked, sizes):
    read(media / "d.mp4", engine, detector, batch_size=asked)
    assert [n for what, n in engine.events if what == "prepare"] == sizes


def test_progress(media, engine, detector):
    reports = []
    read(media / "d.mp4", engine, detector, lambda *report: reports.append(report), flag_crop_driving_video=True)
    for stage in (FINDING, READING):
        assert [done for name, done, total in reports if name == stage and total == 10] == [*range(11), 10]


def test_motion_is_numbers_only(media, engine, detector):
    motion = read(media / "d.mp4", engine, detector).template.motion
    assert motion.R.shape == (10, 3, 3) and motion.exp.dtype == torch.float32
