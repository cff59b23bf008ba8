import logging
from fractions import Fraction

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.errors import NoFaceError, TemplateError
from src.face.crop import average_box
from src.motion.steady import steady
from src.motion.template import load_template, save_template
from src.pipeline.driving import FINDING, READING, driving_place, network_view, open_driving, read_driving
from src.pipeline.finders import Finders
from src.pipeline.inputs import DrivingInput
from src.pipeline.progress import silent

from .conftest import LEVELS
from .fakes import FakeEngine, MeshDetector, face_in, finders, levels_of
from .scenes import clip_of, grey, make_video

NTSC = Fraction(30000, 1001)


def no_detector():
    raise AssertionError("no face is needed")


@pytest.fixture
def read(inbox, engine, detector):
    """Reads a driver: a path, or frames."""

    def read(given, engine=engine, detector=detector, progress=silent, **options):
        opened = open_driving(DrivingInput(inbox.take(given, "driving"), None), engine)
        return read_driving(opened, None, engine, finders(detector), ArgumentConfig(**options), progress)

    return read


@pytest.fixture
def read_template(inbox, engine):
    def read(path, preview=None, engine=engine, **options):
        shown = None if preview is None else inbox.take(preview, "driving")
        opened = open_driving(DrivingInput(inbox.take(path, "driving"), shown), engine)
        return read_driving(
            opened, shown, engine, Finders(no_detector, no_detector, no_detector), ArgumentConfig(**options), silent
        )

    return read


def frames(*levels, width=96, height=96):
    return np.stack([grey(level, width, height) for level in levels])


# Motion ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize(("name", "expected"), [("d.mp4", LEVELS), ("d.gif", LEVELS), ("d.png", [150])])
def test_motion_of_every_frame(media, read, name, expected, crop):
    driving = read(media / name, flag_crop_driving_video=crop)
    assert levels_of(driving.template.motion) == pytest.approx(expected, abs=2)
    assert (driving.fps, driving.n_frames, driving.template.model) == (25, len(expected), "fake")
    assert driving.is_video is (len(expected) > 1) and (driving.box is not None) is crop
    assert driving.n_missing == 0
    assert driving.template.motion.R.shape == (len(expected), 3, 3)


def test_frames_in_memory(read):
    driving = read(frames(50, 60, 70))
    assert levels_of(driving.template.motion) == pytest.approx([50, 60, 70], abs=0.01) and driving.fps == 25
    assert read(frames(50)).is_video and not read(grey(50)).is_video


def test_meshes_are_read_in_the_box(read, engine):
    """An engine that reads meshes decodes the clip once, and sees no picture at all."""
    engine.reads_meshes = engine.always_crops_driving = True
    driving = read(frames(100, 120), detector=MeshDetector())
    assert [what for what, _ in engine.events] == ["meshes"]
    face = MeshDetector().find(grey(100, 96, 96))[0]
    width = np.ptp(face.landmarks[:, 0]) / (driving.box[2] - driving.box[0])
    np.testing.assert_allclose(driving.template.motion.t[:, 0], [width] * 2, rtol=1e-5)


def test_progress(media, read):
    reports = []
    read(media / "d.mp4", progress=lambda *report: reports.append(report), flag_crop_driving_video=True)
    for stage in (FINDING, READING):
        assert [done for name, done, total in reports if name == stage and total == 10] == [*range(11), 10]


def test_no_pass_keeps_the_frames(engine, detector):
    clip, args = clip_of([grey(level, 64, 64) for level in LEVELS * 6]), ArgumentConfig(flag_crop_driving_video=True)
    read_driving(clip, None, engine, finders(detector), args, silent)
    assert detector.calls == 60 and detector.most_held <= 3
    assert max(n for what, n in engine.events if what == "prepare") == engine.batch_size


def test_opening_says_how_long_it_is_and_how_fast(tmp_path, media, inbox, engine):
    opened = {
        name: open_driving(DrivingInput(inbox.take(media / name, "driving"), None), engine)
        for name in ("d.mp4", "d.png", "d.safetensors", "still.safetensors")
    }
    facts = {name: (driver.is_video, driver.fps, driver.n_frames) for name, driver in opened.items()}
    assert facts == {
        "d.mp4": (True, 25, 10),
        "d.png": (False, 25, 1),
        "d.safetensors": (True, 25, 10),
        "still.safetensors": (False, 25, 1),
    }
    assert not engine.events


@pytest.mark.parametrize(("asked", "sizes"), [(None, [4, 4, 2]), (3, [3, 3, 3, 1]), (64, [10])])
def test_batches(media, read, engine, asked, sizes):
    read(media / "d.mp4", batch_size=asked)
    assert [n for what, n in engine.events if what == "prepare"] == sizes


def test_steadying_is_asked_for(read):
    shaken = frames(*(100 + 3 * (-1) ** k for k in range(30)))
    plain, steadied = read(shaken).template, read(shaken, smooth=True).template
    torch.testing.assert_close(steadied.motion.t, steady(plain.motion, Fraction(25)).t)
    assert plain.motion.t[:, 0].std() > 3 * steadied.motion.t[:, 0].std()


# Where the face is ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "always", "asked", "crops"),
    [
        ((96, 96), False, False, False),
        ((96, 96), False, True, True),
        ((96, 96), True, False, True),
        ((128, 96), False, False, True),
    ],
)
def test_when_the_driving_video_is_cropped(read, size, always, asked, crops):
    shown = frames(100, 120, width=size[0], height=size[1])
    driving = read(shown, FakeEngine(always_crops_driving=always), flag_crop_driving_video=asked)
    assert (driving.box is not None) is crops


def test_the_box_is_the_mean_of_all_frames(read):
    """Of the frames that show the face, and the same for all frames."""
    args = ArgumentConfig()
    shown = [np.zeros((96, 160, 3), np.uint8) for _ in range(4)]
    for k in (0, 1, 3):  # in small steps: a leap would be a cut
        shown[k][8:88, 8 + 2 * k : 88 + 2 * k] = 100
    box = read(np.stack(shown)).box
    np.testing.assert_allclose(box, average_box(driving_place(face_in(shown[k]), args) for k in (0, 1, 3)), atol=1e-3)


def test_the_box_is_that_of_the_options(read):
    boxes = [
        read(frames(100, 120), flag_crop_driving_video=True, **options).box
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


def test_openings_are_measured(read):
    motion = read(frames(*LEVELS)).template.motion
    assert motion.eye_ratio.shape == (10, 2) and motion.lip_ratio.shape == (10, 1)
    for i, level in enumerate(LEVELS):
        opening = level / 255
        np.testing.assert_allclose(motion.eye_ratio[i], [opening] * 2, atol=0.01)
        np.testing.assert_allclose(motion.lip_ratio[i], [opening], atol=0.01)


def test_a_hint_at_strange_framing(read, caplog):
    with caplog.at_level(logging.WARNING):
        read(frames(100))
        assert "--flag_crop_driving_video" in caplog.text
        caplog.clear()
        read(frames(100), flag_crop_driving_video=True)
    assert not caplog.records


# Frames without a face ------------------------------------------------------------------------------------------------

GAPS = [
    ([100, 0, 0, 160, 180], [100, 100, 100, 160, 180], [100, 120, 140, 160, 180]),  # in the middle
    ([0, 0, 100, 120], [100, 100, 100, 120], [100, 100, 100, 120]),  # at the start: the first one to come
    ([100, 120, 0], [100, 120, 120], [100, 120, 120]),  # at the end
    ([0, 90, 0, 0, 150, 0], [90, 90, 90, 90, 150, 150], [90, 90, 110, 130, 150, 150]),
]


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize(("shown", "held", "bridged"), GAPS)
def test_gaps_are_bridged(read, caplog, shown, held, bridged, crop):
    for how, expected, said in (("hold", held, "hold the last motion"), ("interpolate", bridged, "are bridged")):
        with caplog.at_level(logging.WARNING):
            driving = read(frames(*shown), on_missing=how, flag_crop_driving_video=crop)
        assert levels_of(driving.template.motion) == pytest.approx(expected, abs=0.1)
        np.testing.assert_allclose(driving.template.motion.lip_ratio[:, 0] * 255, expected, atol=1)
        assert driving.n_missing == shown.count(0)
        assert f"{shown.count(0)} of {len(shown)} frames of the driving" in caplog.text and said in caplog.text


@pytest.mark.parametrize("how", ["hold", "interpolate"])
@pytest.mark.parametrize("gap", [slice(0, 2), slice(3, 6), slice(8, 10), slice(1, 9)])
def test_a_gap_shifts_nothing(read, gap, how):
    """The motion of every other frame is that of the unbroken clip."""
    broken = list(LEVELS)
    broken[gap] = [0] * len(broken[gap])
    whole, with_gap = read(frames(*LEVELS)).template, read(frames(*broken), on_missing=how).template
    assert with_gap.n_frames == whole.n_frames == 10
    seen = torch.tensor(broken) > 0
    assert torch.equal(with_gap.motion.t[seen], whole.motion.t[seen])
    assert torch.equal(with_gap.motion.eye_ratio[seen], whole.motion.eye_ratio[seen])


def test_gaps_can_be_errors(read):
    with pytest.raises(NoFaceError, match=r"2 of 4 frames .* show no face, the first is frame 1: --on_missing hold"):
        read(frames(100, 0, 0, 140), on_missing="error")
    assert read(frames(100, 120), on_missing="error").n_missing == 0


def test_no_face_at_all(read, caplog):
    black = frames(0, 0, 0)
    for options in ({"flag_crop_driving_video": True}, {"flag_eye_retargeting": True}, {"flag_lip_retargeting": True}):
        with pytest.raises(NoFaceError, match="no face found in the driving given as frames"):
            read(black, **options)
    with caplog.at_level(logging.WARNING):
        driving = read(black)
    assert (driving.n_frames, driving.n_missing) == (3, 0)  # the engine makes of them what it can
    assert "taken as they are" in caplog.text and driving.template.motion.eye_ratio is None


# Templates ------------------------------------------------------------------------------------------------------------


def test_template(media, read_template):
    driving = read_template(media / "d.safetensors")
    assert levels_of(driving.template.motion) == pytest.approx(LEVELS, abs=1e-3)
    assert driving.is_video and driving.clip is None and list(driving.previews(np.arange(10.0))) == []
    assert not read_template(media / "still.safetensors").is_video


def test_a_template_of_another_model(media, read_template):
    with pytest.raises(TemplateError, match="of the model 'fake' and cannot drive 'base'"):
        read_template(media / "d.safetensors", engine=FakeEngine("base"))


def test_a_template_is_steadied_as_well(media, read_template):
    plain, steadied = (read_template(media / "d.safetensors", smooth=smooth).template for smooth in (False, True))
    torch.testing.assert_close(steadied.motion.t, steady(plain.motion, Fraction(25)).t)
    assert not torch.equal(steadied.motion.t, plain.motion.t)


@pytest.mark.parametrize("name", ["t.safetensors", "t.pkl"])
def test_exact_rates_are_kept(tmp_path, read, read_template, name):
    """Quirk Q8: 29.97 frames a second are 30000/1001; the official program made 29 of them, its format holds 30."""
    driving = read(make_video(tmp_path / "v.mp4", LEVELS, NTSC))
    assert driving.fps == driving.template.fps == NTSC
    path = save_template(driving.template, tmp_path / name)
    assert load_template(path).fps == read_template(path).fps == (30 if name.endswith("pkl") else NTSC)


# At any moment --------------------------------------------------------------------------------------------------------


def test_motion_between_frames(read):
    driving = read(frames(40, 80, 120))
    moments = np.array([0, 0.5, 1, 1.25, 2, 2])
    assert levels_of(driving.motion_at(moments)) == pytest.approx([40, 60, 80, 90, 120, 120], abs=0.01)
    assert torch.equal(driving.motion_at(np.arange(3.0)).t, driving.template.motion.t)


def test_a_still_has_one_motion(media, read, read_template):
    for driving in (read(grey(150)), read_template(media / "still.safetensors")):
        assert len(driving.motion_at(np.zeros(7))) == 1


def test_previews_show_what_the_networks_saw(tmp_path, read):
    path = make_video(tmp_path / "v.mp4", [100, 140], NTSC, width=160, height=96)
    driving = read(path, scale_crop_driving_video=20.0, vy_ratio_crop_driving_video=0.0)
    for _ in range(2):  # a second pass is possible; the box is so wide that it shows black around
        previews = list(driving.previews(np.array([0.0, 0.9, 1.0])))
        assert [preview.shape for preview in previews] == [(256, 256, 3)] * 3
        assert [preview[128, 128].mean() for preview in previews] == pytest.approx([100, 100, 140], abs=2)
        assert not previews[0][0, 0].any()


def test_previews_of_a_still(read):
    assert [round(preview.mean()) for preview in read(grey(150)).previews(np.zeros(3))] == [150] * 3


def test_previews_are_decoded_as_they_are_asked_for(read):
    driving, decoded = read(frames(*LEVELS)), []
    start = driving.clip.start
    watched = type(driving.clip)(
        **{**vars(driving.clip), "is_video": False, "start": lambda: (decoded.append(1) or frame for frame in start())}
    )
    previews = type(driving)(driving.template, True, watched).previews(np.arange(10.0))
    assert not decoded
    next(previews)
    assert len(decoded) == 1


@pytest.mark.parametrize(
    ("rate", "shown"), [(25, LEVELS), (50, LEVELS[::2] + [70] * 5), ("25/2", np.repeat(LEVELS, 2))]
)
def test_a_preview_beside_a_template_has_its_own_rate(tmp_path, media, read_template, rate, shown):
    clip = make_video(tmp_path / "v.mp4", LEVELS, Fraction(rate), width=160, height=96)
    driving = read_template(media / "d.safetensors", clip)
    previews = [preview.mean() for preview in driving.previews(np.arange(10.0))]
    assert previews == pytest.approx(list(shown)[:10], abs=2)
    left, top, right, bottom = driving.box  # nobody looks for the face: the square in the middle
    assert (left, top, right, bottom) == (32, 0, 128, 96)


def test_network_view():
    wide = np.concatenate([grey(50, 64, 64), grey(100, 64, 64)], axis=1)
    assert network_view(wide, None).shape == (256, 256, 3)  # without regard to its shape
    assert network_view(wide, np.array([64.0, 0, 128, 64]))[128, 128, 0] == 100
